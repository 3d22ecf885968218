"""Words, rules, changes and errors of research data: standard library only; nothing waits, reads or writes."""
