"""Authoring: what the text of a reception means, and whether it makes sense. Pydantic and YAML live here only.

reading  its YAML or JSON, with the line of everything
grammar  the language in which it is written, of the terms in terms
shape    each step by itself
checks   whether the whole makes sense, as a graph
picture  its steps, drawn as layout lays them out
"""
