"""Tests of the emulator, which know nothing of the SDK but the signature."""
