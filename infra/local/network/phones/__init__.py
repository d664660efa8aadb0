"""Telephones: what they do by themselves, what is pressed and what is said at them."""
