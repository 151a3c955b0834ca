"""What is said over the wire: the description of the API, the checks of arguments, the envelope, and redaction."""
