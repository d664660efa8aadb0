"""A conference: one room, in which everybody hears everybody.

conference    the room, from the first who joins to its end
participant   one call in it
invitation    somebody who is called into it by REST
announcement  what is spoken into it
"""
