"""What the project claims about speed and size, measured against a peer in the same run: `make bench`."""
