"""What stands below `/_emulator/`: endpoints that look into an emulator and drive it, and a page over them."""
