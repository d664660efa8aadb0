"""Callers: the people who call and write, as the owner knows them. One entry of the directory each.

caller   what is stored of somebody
index    how they are listed, and found by a part of a name or number, whichever variants of a character it has
changes  how one of them is written down, and forgotten
schemas  what a client may say of somebody
views    how the REST API shows them
sheets   many of them as CSV: encodings and spellings, columns and exports, cells; cards are the same as vCard
imports  how many are written at once

Whether somebody wants no messages is an entry of its own: an import of callers never makes anybody forget it.
"""
