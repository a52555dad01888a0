"""Deal terms as one readable document: reading with located errors, writing, schema, term sheet."""
