"""A telephone network on one machine: Twilio as an application sees it, with telephones that can be picked up.

It knows nothing of the application. It speaks HTTP, TwiML and Twilio's parameter names, and signs with the official
library. One noun a file:

    world                        the account, everybody's telephones, the calls, the log: all that there is
    phones, numbers              who is there: telephones with their behaviour, and the account's own numbers
    calls, callbacks             a leg: its state, its bill, what is heard in it; and who is told of its changes
    verbs, dial                  what a leg does: TwiML, verb by verb
    twiml, grammar, speech       TwiML as it is read, the table of what is allowed, how long it takes to hear it
    webhooks, addresses, faults  requests to the application, their patience, and what goes wrong with them on purpose
    control                      edge in: people's hands, as JSON
    rest, rest_account, rest_calls, rest_numbers   edge in: Twilio's REST API
    server, __main__             the one port; alone on the command line
    dates, refusals              ground: two ways to write a moment, two ways to say no

What changes a state happens at once, in a plain function. Only coroutines take time, and they wait on the clock alone.
"""
