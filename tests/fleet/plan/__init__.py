"""The plan of a fleet."""
