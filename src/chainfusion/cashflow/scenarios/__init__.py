"""A deal's program over many scenarios, and the inspector that tells what one period of one of them did."""
