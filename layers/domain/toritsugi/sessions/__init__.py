"""Sessions: masked calling.

records     what is stored of a session
wanted      whom a client wants in it
candidates  which lines would do for them, and are free
claims      how they get them
life        how it goes on, and ends
"""
