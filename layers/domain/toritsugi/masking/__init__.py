"""Masked calling: two people reach each other over a number of ours, and neither sees the other's.

services       who offers it, and by which rules
pool           its numbers, which people are given
sessions       what is stored of a session and of those in it
requests       whom a client wants in it
terms          how its calls go, where that is not as usual
candidates     which lines would do for them, and are free
demand         how many they would need
claims         how they get them
telephones     how somebody in a session gets another number
teams          somebody with several telephones, and how they ring
team_legs      what becomes of a call to several
lifecycle      how a session goes on, is changed, and ends
pins           how a caller from another telephone is known
routes         where a call to a line goes
masked_legs    the outgoing leg of a masked call, before it exists
interactions   what has happened in a session
callbacks      how a service is told of it, as Proxy does
asking         how it is asked before that, and may forbid it
strangers      how it is asked what becomes of those whom no session knows
relaying       how a text of one goes on to the other
special_calls  a masked call that does not go as usual
made_calls     the calls in which two have talked, counted
in_conference  a masked call that goes through a conference of ours
erasure        how a person is erased from all that
"""
