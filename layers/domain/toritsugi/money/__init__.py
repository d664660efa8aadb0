"""Money: what calls and texts will cost, and did, line by line, each with its rate, and where that is from.

Nothing here reads a table or asks anybody: rates come in, lines go out. All of it is Decimal.

rates         what is asked for each thing: a rate card, dated, in one currency
discounts     what the owner pays instead
card_changes  what became dearer or cheaper from one card to the next, and how old a card is
pricing       what was called and written in, lines out
scenarios     what somebody wants to know the price of: a masked call, a conference, a month
estimates     what that costs, over its minutes, and how it would be cheaper
aws_share     what AWS asks for the same
bills         what was paid beside what was estimated, and what is left over, by its name
usual_range   from what to what a day usually costs
currencies    one currency in another
"""
