"""Telephones.

phone       its behaviour, what its owner does with it, what it shows
keys        what is pressed at it, as long as somebody may still ask for that
utterances  what is said at it, piece by piece
"""
