"""What any backend must do: each test runs on both, and on each of the event loops that they know."""
