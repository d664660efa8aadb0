"""A text between a number and a telephone, in how many pieces it is sent, and what follows it."""
