"""An institution's certificates and keys: making them, keeping them, unlocking them."""
