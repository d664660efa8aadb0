"""The exchange, without AWS's handlers: ten rooms, of which a noun may import only those that stand below it.

masking     two people talk through a number that is neither's: services, sessions, routes
bridges     calls that the exchange makes itself, with a clock
receptions  what a line says and does, and who may write that
recordings  what was recorded, and how long it is kept
messages    texts, coming in and going out
callers     who calls, as the owner knows them
lines       the numbers that we own, and what is known of any number
words       every language and sentence that the exchange itself speaks or writes; all may stand on it

adapters    the world outside, one module each: Twilio, AWS, the owner's system
foundation  what all of them may stand on
"""

__version__ = "0.1.0"  # here and nowhere else; CHANGELOG.md says what came with it
