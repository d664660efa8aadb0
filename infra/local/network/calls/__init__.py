"""A call: one leg between Twilio and one telephone, and what it does.

call       its state, its bill, what is heard in it
verbs      TwiML, verb by verb
gather     <Gather>: keys or words, and what to do with them
record     <Record>: what the caller says after the beep
dial       <Dial>: other legs, or a conference
detection  who or what has answered
progress   its status callbacks
"""
