"""What is known of a call's outcome: its record while it goes on, and the creates that end without an answer."""
