"""Deals: their terms, their parties and the states they go through."""
