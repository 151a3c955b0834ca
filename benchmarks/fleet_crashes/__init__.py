"""Processes that carry a fleet out, killed again and again: whether everything is there once in the end."""
