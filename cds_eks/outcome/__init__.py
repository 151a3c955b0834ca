"""The outcome of calls: the record of a call while it runs, what is decided from it, and the creates left open."""
