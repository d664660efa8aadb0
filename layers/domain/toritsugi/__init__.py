"""What we know: the nouns of the exchange, and its edges. One noun of the trade is one module."""
