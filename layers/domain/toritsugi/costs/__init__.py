"""Costs: what calls and texts did cost, one by one, and each day in all; kept beside what they were estimated at.

inquiries  what is to be asked of Twilio when a call or text is over, and of whom that is
sold       a call or a text as it stands on Twilio's bill
records    the rows: of each call and text one
"""
