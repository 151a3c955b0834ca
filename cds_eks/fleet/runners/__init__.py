"""Many runners of one plan, in other processes or on other machines: the journal is their queue."""
