"""How fast a fleet is carried out, and what it costs: `python -m benchmarks.fleet`."""
