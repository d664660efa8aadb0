"""TwiML, from the address to the ear.

fetching  the document that an application answers, or the file
reader    text in, checked verbs out
grammar   the table of what is allowed
prompts   <Say>, <Play> and <Pause>: what is played into somebody's ear
digits    keys with pauses between them
speech    how long it takes to hear something
"""
