"""A deal's run: what is assumed of its future, its pool's collections by payment period, its waterfall, in words."""
