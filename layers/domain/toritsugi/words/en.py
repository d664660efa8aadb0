"""English, which is also spoken wherever nothing else is."""

from datetime import datetime

from toritsugi.words.language import Language


def say_date(at: datetime) -> str:
    """November 23."""
    return f"{at:%B} {at.day}"


def say_time(at: datetime) -> str:
    """3:05 PM."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"


def say_weekday(at: datetime) -> str:
    """Monday."""
    return f"{at:%A}"


def say_duration(seconds: int) -> str:
    """1 minute 30 seconds: in figures, which every voice can read."""
    minutes, rest = divmod(seconds, 60)
    parts = [(minutes, "minute"), (rest, "second")]
    return " ".join(f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in parts if count)


def say_digits(digits: str) -> str:
    """One by one, so that nobody hears a number of millions."""
    return " ".join(digits)


ENGLISH = Language(
    code="en",
    locale="en-US",
    voice="Polly.Joanna-Neural",
    # North America, South Africa, Britain, Australia, New Zealand, Singapore, India, Ireland.
    dial_codes=dict.fromkeys(("1", "27", "44", "61", "64", "65", "91", "353")),
    ring_tones=(440, 480),
    ring_trembles=False,
    ring_seconds=2,
    ring_pause_seconds=4,
    sentences={
        # Why a call goes no further.
        "cannot be connected": "We are sorry. Your call cannot be connected at the moment. Please try again later.",
        "caller withheld": "Your number is withheld, so your call cannot be connected. "
        "Please show your number and call again.",
        "caller unreadable": "We cannot read the number you are calling from. "
        "Please call again from another telephone.",
        "line unknown": "The number you have dialed is not in service. Please check the number.",
        "no session": "This number cannot be reached from your telephone. "
        "Please call from the telephone you registered.",
        "session ended": "The time in which this number could be used has ended. Thank you for calling.",
        "session ends soon": "The time for this number is over. You are put through, but it will stop working soon.",
        "partner missing": "The person you are calling has not joined yet. Please try again later.",
        "calls not allowed": "This number does not take calls. Please send a text message.",
        "one way": "This number only makes calls, and takes none.",
        "calls used up": "All the calls that were agreed on for this number have been made. Thank you for calling.",
        "caller blocked": "We are sorry, but we cannot take your call. Thank you for your understanding.",
        "call in circle": "This call has come back to where it began, so it ends here.",
        "exchange stopped": "Calls cannot be put through at the moment. Please try again later.",
        "limit reached": "All lines are busy. Please try again later.",
        "caller unconfirmed": "We could not confirm that this call comes from the number that it shows, "
        "so it cannot be connected. Please call again from another telephone.",
        "pin wrong": "No call can be made with this PIN.",
        "pin needed": "From your telephone this number is reached with a PIN.",
        "enter pin": "Please enter your PIN, and then press the pound key.",
        "call intercepted": "We are sorry, but this call cannot be put through. Thank you for calling.",
        # For which of several sessions somebody calls.
        "choose by name": "For {about}, press {key}.",
        "choose by place": "For number {key}, press {key}.",
        "nothing chosen": "No choice was made. Please call again.",
        # A call between two people.
        "call recorded": "This call is recorded.",
        "number unconfirmed": "The caller's number could not be confirmed.",
        "call for you": "You have a call. To be connected, press 1.",
        "somebody": "the other person",
        "some matter": "your matter",
        "leave a message": "The other person cannot answer at the moment. Please leave a message after the tone. "
        "It is recorded. When you have finished, press pound or hang up.",
        "message taken": "Thank you. Your message has been recorded.",
        "call extended": "The call is extended by {more}.",
        "no more extensions": "The call cannot be extended any more. You are going back to it.",
        "back to the call": "You are going back to the call.",
        "left alone": "The other person has left. Thank you for calling.",
        "unanswered": "The other person did not answer. Thank you for calling.",
        "call ended": "This call has ended.",
        "time left": "{left} left.",
        "extension offer": "To extend by {more}, press star.",
        # A reception.
        "dear caller": "dear caller",
        "number withheld": "a caller who hides their number",
        "try again": "Please try again.",
        "digits read back": "You have entered {digits}. Press 1 if that is right, or 2 to enter it again.",
        "accept the call": "To take the call, press 1.",
        "refuse recording": "If you do not want to be recorded, press {key}.",
        # Why a text to the other of a session goes no further.
        "not passed on: no session": "Your message was not passed on: "
        "from your telephone, this number leads to nobody.",
        "not passed on: session ended": "Your message was not passed on: the time for this number has ended.",
        "not passed on: partner missing": "Your message was not passed on: the other person has not joined yet.",
        "not passed on: calls only": "Your message was not passed on: this number is for calls. Please call it.",
        "not passed on: files": "Your message was not passed on: pictures and other files cannot go this way. "
        "Please write text alone.",
        "not passed on: opted out": "Your message was not passed on: the other person gets no messages.",
        "not passed on: intercepted": "We are sorry, but your message was not passed on.",
        # Answers to texts that wish to opt out or in.
        "answer to stop": "You will get no more messages from us. Reply START to get them again.",
        "answer to start": "You will get messages from us again. Reply STOP to end them.",
        "answer to help": "This number answers by itself. Reply STOP to get no more messages, START to get them again.",
    },
    say_date=say_date,
    say_time=say_time,
    say_weekday=say_weekday,
    say_duration=say_duration,
    say_digits=say_digits,
    title=r"\b(?:mr|mrs|ms|miss|mx|dr|prof)\b\.? *",
    honorific="[- ](?:san|sama)\\b",
    honorific_of_name="[- ](?:san|sama)",
    uses_readings=False,
    letters=(("A", "Z"), ("a", "z"), ("\u00c0", "\u00d6"), ("\u00d8", "\u00f6"), ("\u00f8", "\u024f")),
    sticks=(),
    is_part=lambda *_: False,
    # Besides Twilio's own, which stand in messages/opt_out.py.
    opt_out_words={"stop": ("STOP ALL", "OPT OUT", "OPT-OUT"), "start": ("OPT IN", "OPT-IN"), "help": ()},
    before_wish=(
        "please|pls|plz|kindly|sorry|hi|hello|just|now|reply|(can|could|will|would) you|i want (you )?to|"
        "i would like (you )?to|id like (you )?to|i wish to"
    ),
    after_wish=(
        "please|pls|plz|thanks|thank you|thx|now|immediately|today|it|this|that|all|everything|"
        "me|us|again|ever|any ?more|"
        "(sending|texting|messaging|contacting|writing|receiving|getting)( to)?( me| us)?|promotions?|marketing|ads|"
        "(me )?(from )?(any|these|this|those|the|all|your|more|further|future)|"
        "(text|message|sms|notification|alert|list|number|service)( messages)?s?( to me)?|messages|texts"
    ),
    unwanted=(
        "opt me out|(remove|delete) (me|my (phone )?number)|take (me|my (phone )?number) off|s t o p|leave me alone|"
        "(do not|dont) (text|message|contact|sms) (me|us|this number)|no more (texts?|messages?)"
    ),
    automatic=(
        "do not reply",
        "don't reply",
        "no-?reply",
        "not monitored",
        "auto(matic|mated)?[- ]?(reply|response|message)",
        "automated (sms|text|message)",
        "out of (the )?office",
        "you will get no more (messages|texts)",
        "verification code",
        "one-time pass(word|code)",
    ),
    columns={
        "number": ("number", "phone", "phone number"),
        "name": ("name",),
        "reading": ("reading",),
        "language": ("language",),
        "company": ("company",),
        "notes": ("notes",),
        "tags": ("tags",),
        "blocked": ("blocked",),
        "opted_out": ("opted_out",),
    },
    yes=("yes", "true", "1"),
    no=("no", "false", "0"),
)
