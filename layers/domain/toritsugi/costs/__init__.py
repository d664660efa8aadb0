"""Costs: what calls and texts did cost, one by one, and each day in all; kept beside what they were estimated at.

inquiries  what is to be asked of Twilio when a call or text is over, and of whom that is
sold       a call or a text as it stands on Twilio's bill
records    the rows: of each call and text one
numbers    what numbers cost, each by the month
days       the sums of a day, beside Twilio's own
reports    a month: every line of its bill, and what no line explains
news       that a day is out of its usual range
views      all of it as the REST API shows it
pages      a month as a sheet, and as a page
"""
