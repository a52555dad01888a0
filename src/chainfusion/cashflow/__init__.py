"""Cash flow: loans, pools, assumptions, scenarios of a deal's waterfall, and what is read from them."""
