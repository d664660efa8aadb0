"""Receptions: what a line says and does, step by step, as its owner has written it.

wanted is the language in which that is written, steps what a call hears of it, words what is said in it.
"""
