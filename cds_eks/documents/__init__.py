"""Files of people: TOML with the line of each value, secrets by reference, files written whole or not at all."""
