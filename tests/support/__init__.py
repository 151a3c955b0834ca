"""What tests of more than one folder use: servers, a relay, clients, and how long to wait."""
