"""What everything costs, and the account's bill.

prices      the list: what this network has, and what somebody has put in its place
bill        Twilio's rules, and what has been used on which day
monthly     numbers, and recordings that are kept
categories  the names under which it is summed up
"""
