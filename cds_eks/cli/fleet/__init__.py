"""The commands of fleets: `cds-eks fleet …`, each also without the word `fleet`."""
