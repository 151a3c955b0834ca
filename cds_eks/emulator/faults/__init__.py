"""What goes wrong on purpose: the kinds of faults, when each applies, and those of the service itself."""
