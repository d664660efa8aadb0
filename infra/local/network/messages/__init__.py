"""A text between one of the account's numbers and a telephone.

message   from the queue to the handset
replies   what follows a text that comes in
keywords  STOP and its like
segments  in how many pieces it is sent
"""
