"""Plans: what a fleet is to be."""
