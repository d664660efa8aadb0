"""Tariffs: what the owner's own account pays, and what is asked and answered about prices.

twilio_prices  the rates that Twilio's Pricing API tells, as a rate card has them
pulled_cards   the cards that were pulled, kept in the directory; the newest counts
charging       what a card means for the limit of yen a day
schemas        what a request for an estimate may say
views          an estimate as the REST API shows it
"""
