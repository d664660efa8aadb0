"""TwiML: what is allowed, how it is read, and how long it takes to hear it."""
