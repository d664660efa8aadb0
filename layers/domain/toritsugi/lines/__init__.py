"""Lines: the numbers that we own, and what the directory knows of any number."""
