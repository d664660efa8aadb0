"""Sessions: masked calling. records: what is stored; claims: how people get their numbers; life: how a session goes on
and ends.
"""
