"""What each action does, on arguments that have been checked: one small function an action, named in `registry`."""
