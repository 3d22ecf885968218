"""Settings, wiring, command line: the only layer that asks the system for time, randomness and environment."""
