"""Twilio's REST API, one file for each thing that it knows."""
