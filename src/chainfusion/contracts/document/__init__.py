"""Documents of a deal: what there is, what is missing, who may read, and the opinions that rest on them."""
