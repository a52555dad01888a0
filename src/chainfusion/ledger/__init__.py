"""Where contracts run: the port that the node speaks to, the engines behind it, and the evidence they give."""
