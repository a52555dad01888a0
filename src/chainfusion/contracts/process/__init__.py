"""Processes by contract: definitions adopted by vote, and a deal's steps taken in the order that they prescribe."""
