"""The waterfall machine: one function over integer tables, for projections and for what a contract pays out."""
