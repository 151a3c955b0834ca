"""The OpenAPI document: what it says, the emulator held against it, and a client that is generated from it."""
