"""The review contract: a pool looked at by invited parties before closing."""
