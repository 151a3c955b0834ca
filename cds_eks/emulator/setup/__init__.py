"""What an emulator is to be from its start: its options, its world and its faults, read from a file of TOML."""
