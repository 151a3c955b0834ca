"""The blocking client: the async client on an event loop of its own, behind the same names."""
