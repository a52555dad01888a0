"""What a securitization is made of, as pure values and functions: no file, clock, network or randomness."""
