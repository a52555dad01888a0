"""Deal terms by contract: registered by version, and in force when the parties have consented."""
