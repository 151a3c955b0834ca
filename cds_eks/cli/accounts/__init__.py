"""Accounts: the file of profiles edited, and whether what is set up works."""
