"""The blocking client: threads, loops, interrupts, garbage, the end of the interpreter, forks."""
