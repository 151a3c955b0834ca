"""The parts of the chaos soak: what goes wrong, what is called and cancelled, and who judges it."""
