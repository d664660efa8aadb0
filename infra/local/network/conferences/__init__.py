"""A conference: a room, who is in it, who is called into it, and what is spoken into it."""
