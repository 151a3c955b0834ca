"""The runner: carries a plan out, with a journal ahead of each create, and says what became of it."""
