"""Hostile answers and inputs: our own typed error or a right answer, within bounded memory and time."""
