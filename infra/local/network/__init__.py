"""A telephone network on one machine: Twilio as an application sees it, with telephones that can be picked up.

It knows nothing of the application. It speaks HTTP, TwiML and Twilio's parameter names, and signs with the official
library.
"""
