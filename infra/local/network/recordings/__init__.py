"""What was said from one moment to another.

recording  its life, and who is told of it
sound      the file
programs   who speaks it, if anybody
parts      parts of the file, for whoever jumps in what they listen to
"""
