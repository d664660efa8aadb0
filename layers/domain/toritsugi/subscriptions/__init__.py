"""Subscriptions: which of the owner's other systems are told of which events, and each delivery to them.

catalog      every type of event, what it means, and what its facts are
changes      which events the change of a row is
records      a subscription, and how it fares
deliveries   one event on its way to one subscriber: waiting, tried, done
lanes        which receivers are slow, and have a queue of their own
schemas      what may be asked for
views        what is shown
news         what is told of subscriptions themselves
"""
