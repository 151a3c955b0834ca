"""Reports: what became of a fleet."""
