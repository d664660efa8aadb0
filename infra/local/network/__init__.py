"""A telephone network on one machine: Twilio as an application sees it, with telephones that can be picked up.

It knows nothing of the application. It speaks HTTP, TwiML and Twilio's parameter names, and signs with the official
library. From top to bottom, where nothing imports what stands above it:

    __main__, server, connections    alone on the command line; the one port; how long a half-said request is waited for
    page                             what a browser shows
    control, rest                    the two ways in: people's hands, as JSON; Twilio's REST API
    world                            the account, everybody's telephones, the calls, the log: all that there is
    calls                            a leg, and what it does: TwiML, verb by verb
    conferences                      a room, who is in it, who is called into it, what is spoken into it
    recordings                       what was said from one moment to another, and the file that it becomes
    phones                           telephones: their behaviour, what is pressed and what is said at them
    messages                         a text between a number and a telephone, and what follows it
    twiml                            TwiML: its grammar, how it is fetched and read, what is played of it
    callbacks, webhooks              who is told of what, in its order; requests to the application, and their patience
    settings, alerts                 what only Twilio's console changes; what Twilio's debugger keeps
    billing                          what everything costs, and what the account has used of it
    numbers, memories                the account's own numbers, and what any number says; what is over and remembered
    rules                            which requests are signed and sent otherwise than usual
    addresses, faults                the application's URLs; what goes wrong with requests on purpose
    dates, refusals                  two ways to write a moment, two ways to say no

What changes a state happens at once, in a plain function. Only coroutines take time, and they wait on the clock alone.
What a file needs of the account or of a call is a Protocol beside its user.
"""
