"""A recording, the file that it becomes, and who speaks it."""
