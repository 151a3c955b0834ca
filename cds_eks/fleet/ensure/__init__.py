"""Each item exactly once: what is seen of it, what follows from that, and one create with its intent written ahead."""
