"""The categories of usage that this network can know, of Twilio's several hundred.

https://www.twilio.com/docs/usage/api/usage-record#usage-all-categories Descriptions are our own words.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """One category: in what its events and its usage are counted, and of which others it is the sum."""

    description: str
    count_unit: str
    usage_unit: str
    parts: tuple[str, ...] = ()


KINDS = ("local", "mobile", "tollfree")
INBOUND = tuple(f"calls-inbound-{kind}" for kind in KINDS)
OWNED = tuple(f"phonenumbers-{kind}" for kind in KINDS)
WAYS = ("inbound", "outbound")


def texts(name: str) -> dict[str, Category]:
    """The categories of texts of this sort: all, each way, and by long codes, which are all that there is here."""
    leaves = tuple(f"{name}-{way}-longcode" for way in WAYS)
    all_of_them = {name: Category(f"{name.upper()} messages", "messages", "messages", leaves)}
    for way, leaf in zip(WAYS, leaves, strict=True):
        all_of_them[f"{name}-{way}"] = Category(f"{name.upper()} {way}", "messages", "messages", (leaf,))
        all_of_them[leaf] = Category(f"{name.upper()} {way}, long code", "messages", "messages")
    return all_of_them


CATEGORIES = {
    "amazon-polly": Category("Speech by Amazon Polly", "requests", "100 characters"),
    "answering-machine-detection": Category("Answering machine detection", "calls", "calls"),
    "calls": Category("Voice minutes", "calls", "minutes", (*INBOUND, "calls-outbound")),
    "calls-client": Category("Client minutes", "calls", "minutes"),
    "calls-globalconference": Category("Conference minutes", "participants", "minutes"),
    "calls-inbound": Category("Inbound voice minutes", "calls", "minutes", INBOUND),
    **{name: Category(f"Inbound voice minutes, {name.split('-')[2]}", "calls", "minutes") for name in INBOUND},
    "calls-outbound": Category("Outbound voice minutes", "calls", "minutes"),
    "calls-recordings": Category("Call recordings", "recordings", "minutes"),
    "failed-message-processing-fee": Category("Failed messages", "messages", "messages"),
    **texts("mms"),
    "phonenumbers": Category("Phone numbers", "numbers", "numbers", OWNED),
    **{name: Category(f"Phone numbers, {name.split('-')[1]}", "numbers", "numbers") for name in OWNED},
    "recordings": Category("Recordings", "recordings", "minutes", ("calls-recordings",)),
    "recordingstorage": Category("Recordings that are kept", "recordings", "minutes"),
    **texts("sms"),
    "tts-google": Category("Speech by Google", "requests", "100 characters"),
}
TOTAL = "totalprice"
CATEGORIES[TOTAL] = Category("Total price", "", "", tuple(name for name, one in CATEGORIES.items() if not one.parts))
