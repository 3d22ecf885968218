"""How each change is written: one statement a kind of change, over many rows at once; a module a concern."""
