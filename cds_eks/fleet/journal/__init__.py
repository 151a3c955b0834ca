"""Journals: what is known of a fleet, durably."""
