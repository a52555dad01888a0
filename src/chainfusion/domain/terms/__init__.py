"""Deal terms (交易条款): a whole deal's rules as records; what they say, whether they make sense, and their program."""
