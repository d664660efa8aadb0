"""A call at a reception: the greeting, and a key in its menu."""

from typing import Any

from tests.performance.calls import AIKO, Implementation, incoming, new_sid
from tests.performance.cost import Webhook

LINE = "+815010000099"

# What helps a parcel service's callers, in the shape in which checks.py hands it on.
DOCUMENT: dict[str, Any] = {
    "language": "ja-JP",
    "timezone": "Asia/Tokyo",
    "start": "welcome",
    "steps": {
        "welcome": {
            "kind": "greet",
            "greet": "お電話ありがとうございます、{name}様。",
            "unknown": "お電話ありがとうございます。",
            "next": "menu",
        },
        "menu": {
            "kind": "menu",
            "menu": "再配達は1を、担当者は2を押してください。",
            "keys": {"1": "parcel", "2": "person"},
            "spoken": {},
            "seconds": 5,
            "retries": 2,
            "otherwise": "person",
        },
        "parcel": {"kind": "say", "say": "再配達を承ります。"},
        "person": {
            "kind": "transfer",
            "transfer": ["+81312345678"],
            "together": False,
            "seconds": 20,
            "accept": False,
            "otherwise": "parcel",
        },
    },
    "texts": [],
}


def open_reception() -> None:
    """The line, its reception, and a caller whom it knows."""
    from toritsugi.callers.caller import Caller, caller_key
    from toritsugi.lines.lines import Line, line_key
    from toritsugi.receptions.records import Version, version_entry

    about = {"number_sid": "PN" + "9" * 32, "former": {}}
    Line(*line_key(LINE), reception="parcels", version=1, document=DOCUMENT, **about).save()
    text = {"source": "", "content_type": "application/yaml", "date_created": 0}
    Version("parcels", version_entry(1), version=1, document=DOCUMENT, **text).save()
    Caller(*caller_key(AIKO), name="Aiko", date_created=0, date_updated=0).save()


def call(telephones: Implementation) -> list[Webhook]:
    """Somebody is greeted, and presses 1."""
    telephones.sent = []
    form = incoming(new_sid(), AIKO, LINE)
    greeted = telephones.send("greeting", "/voice", form)
    assert "Aiko" in greeted["body"], greeted
    chosen = telephones.send(
        "menu", "/voice/receptions/parcels/1/ja-JP/menu/chosen/0", form | {"CallStatus": "in-progress", "Digits": "1"}
    )
    assert "承ります" in chosen["body"], chosen
    return list(telephones.sent)
