"""Limits: how much the exchange may call and write, and the switch that stops it. Whatever dials or writes asks here.

limits         how much is allowed
switch         whether the exchange may dial at all, and what the owner has allowed since it was deployed
usage          what was used of it, counted where it is begun
charges        what a call and a text cost in yen, as a rate card says it
twilio_limits  how much Twilio allows, which shows only when it refuses
"""
