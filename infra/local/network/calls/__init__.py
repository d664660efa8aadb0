"""A call: one leg, what it does, and what is told of it."""
