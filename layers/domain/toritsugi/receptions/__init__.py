"""Receptions: what a line says and does, step by step, as its owner has written it.

wanted     the language in which that is written, of the terms in terms
checks     whether it makes sense: read by reading, step by step in shape, and as a graph
records    its versions, and life, how they come to lines
visits     a call at a reception; steps, prompts and transfers are what it hears, in words, within hours
texts      how a text message is answered
picture    its steps, laid out by layout
shown      how the REST API shows it; ready has some to begin with
"""
