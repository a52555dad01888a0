"""The command line: nouns, then verbs; a thin door to the node's use cases."""
