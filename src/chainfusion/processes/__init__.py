"""Process definitions as people write and draw them: YAML texts, the library that comes with the program."""
