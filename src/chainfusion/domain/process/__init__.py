"""Processes that institutions share: definitions as data, their exact meaning, the proof that they are sound."""
