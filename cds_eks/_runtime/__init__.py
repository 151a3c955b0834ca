"""What the rest runs on and what knows nothing of the service: locks, clocks, semaphores, lazy imports."""
