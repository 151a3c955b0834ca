"""What people write by hand: TOML with the line of each value, and secrets by reference."""
