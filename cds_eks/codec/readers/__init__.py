"""The generated readers of answers, one file a group."""
