"""The demonstration: eight institutions, one deal on a real tape, and every fact of it proven and attacked."""
