"""Answering: what a call or a text hears at a reception. A webhook imports nothing else of receptions' language.

visits     a call at a reception
steps      what it hears, of prompts and transfers
hours      whether the owner is there
texts      how a text message is answered
"""
