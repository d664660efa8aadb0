"""Text messages: those that come in, with what they are answered by themselves, and those that the owner sends.

records is what is kept of each, inbound what becomes of one that comes in, outbound what may be sent at all.
"""
