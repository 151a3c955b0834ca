"""Every operation, exact on the wire and typed on the way back, seen by a server that shares no code with the SDK."""
