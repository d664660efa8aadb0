"""A telephone network on one machine: Twilio as an application sees it, with telephones that can be picked up.

It knows nothing of the application. It speaks HTTP, TwiML and Twilio's parameter names, and signs with the official
library. One noun a file:

    world                        the account, everybody's telephones, the calls, the log: all that there is
    phones, keys, numbers        who is there: telephones, their behaviour, what is pressed; the account's own numbers
    calls, callbacks, detection  a leg: its state, its bill, what is heard in it; who is told of it; who has answered
    conferences, participants    a room, and one call in it
    announcements, invitations   what is spoken into a room, and who is called into it
    gather                       <Gather>: keys or words, and what to do with them
    record, recordings           <Record>; what was said from one moment to another
    utterances, sound, programs  what is said at a telephone, piece by piece; sound files; who speaks them, if anybody
    messages, segments           a text between a number and a telephone; in how many pieces it is sent
    replies, keywords            what follows a text that comes in; STOP and its like
    verbs, dial, prompts         what a leg does: TwiML, verb by verb; and what is played into somebody's ear
    twiml, grammar, speech       TwiML as it is read, the table of what is allowed, how long it takes to hear it
    webhooks, addresses, faults  requests to the application, their patience, and what goes wrong with them on purpose
    control                      edge in: people's hands, as JSON
    rest, rest_...               edge in: Twilio's REST API, one file for each thing that it knows
    memories                     what is remembered of what is over
    parts                        parts of a file, for whoever jumps in what they listen to
    connections                  who says half of something, and how long that is waited for
    server, __main__             the one port; alone on the command line
    dates, refusals              ground: two ways to write a moment, two ways to say no

What changes a state happens at once, in a plain function. Only coroutines take time, and they wait on the clock alone.
"""
