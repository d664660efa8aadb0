"""Receptions: what a line says and does, step by step, as its owner has written it.

records     its versions
publishing  how they come to lines
authoring   what its text means
answering   what calls and texts hear
views       how the REST API shows it
ready       some to begin with
"""
