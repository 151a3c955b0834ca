"""Fleets: a thousand clusters from one plan, each exactly once."""
