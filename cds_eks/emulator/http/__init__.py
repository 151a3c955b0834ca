"""The way of a request: over a socket or in process, read, verified, carried out, written down, answered."""
