"""Twilio's REST API, one file for each thing that it knows; endpoints is what all of them have in common."""
