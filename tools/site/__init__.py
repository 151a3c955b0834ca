"""The documentation's site: what it is assembled from, how it is built, and what is checked of it."""
