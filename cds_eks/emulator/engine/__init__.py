"""The service's state: its resources, how they come to be, how they change over time, and how answers show them."""
