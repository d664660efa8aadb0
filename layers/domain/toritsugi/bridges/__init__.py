"""Bridges: calls that the exchange makes to two or more people, and puts through to each other, with a clock.

A bridge is what `POST /api/calls` asks for; a call is always one of its legs, as at Twilio. What is known of one is
what was wanted (records), what callbacks have told (events), and what follows from both at this moment (state); what
has to be done now follows from that alone (agenda), so whoever looks, and however often, sees the same steps due; each
step is claimed, so that it is taken once (steps). What has ended long ago is forgotten (forgetting).
"""
