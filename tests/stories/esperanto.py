"""Esperanto, as somebody might add it: the one file that a language needs. Its country is made up."""

from datetime import datetime

from toritsugi.words.en import ENGLISH
from toritsugi.words.language import Language

MONTHS = ("januaro", "februaro", "marto", "aprilo", "majo", "junio")
MONTHS += ("julio", "aŭgusto", "septembro", "oktobro", "novembro", "decembro")
WEEKDAYS = ("lundo", "mardo", "merkredo", "ĵaŭdo", "vendredo", "sabato", "dimanĉo")

# What is not heard in a story stands here in English.
SENTENCES = {
    "no session": "De via telefono vi ne povas atingi ĉi tiun numeron.",
    "caller unconfirmed": "Ni ne povis konfirmi vian numeron.",
    "pin wrong": "Per ĉi tiu kodo nenio eblas.",
    "pin needed": "De via telefono necesas kodo.",
    "enter pin": "Bonvolu enigi vian kodon kaj premi kradon.",
    "choose by name": "Por {about}, premu {key}.",
    "choose by place": "Por la {key}-a, premu {key}.",
    "nothing chosen": "Vi elektis nenion. Bonvolu revoki.",
    "call recorded": "Ĉi tiu voko estas registrata.",
    "number unconfirmed": "La numero de la vokanto ne estas konfirmita.",
    "call extended": "La voko daŭros {more} pli longe.",
    "time left": "Restas {left}.",
    "extension offer": "Por {more} pli, premu la stelon.",
    "dear caller": "kara amiko",
    "try again": "Bonvolu provi denove.",
    "digits read back": "Vi enigis {digits}. Ĉu ĝuste, premu 1; alie 2.",
    "not passed on: no session": "Via mesaĝo ne iris plu: de via telefono ĉi tiu numero kondukas al neniu.",
    "not passed on: session ended": "Via mesaĝo ne iris plu: la tempo de ĉi tiu numero finiĝis.",
    "not passed on: partner missing": "Via mesaĝo ne iris plu: la alia persono ankoraŭ ne aliĝis.",
    "not passed on: calls only": "Via mesaĝo ne iris plu: ĉi tiu numero estas por vokoj. Bonvolu voki.",
    "not passed on: files": "Via mesaĝo ne iris plu: bildoj ne povas iri tien ĉi. Bonvolu skribi nur tekston.",
    "not passed on: opted out": "Via mesaĝo ne iris plu: la alia persono ne ricevas mesaĝojn.",
    "not passed on: intercepted": "Bedaŭrinde via mesaĝo ne iris plu.",
    "answer to stop": "Vi ne plu ricevos mesaĝojn. Respondu DENOVE por rericevi ilin.",
    "answer to start": "Vi rericevos mesaĝojn. Respondu ĈESU por fini ilin.",
    "answer to help": "Ĉi tiu numero respondas mem. Respondu ĈESU aŭ DENOVE.",
}


def say_date(at: datetime) -> str:
    """La 23-a de novembro."""
    return f"la {at.day}-a de {MONTHS[at.month - 1]}"


def say_time(at: datetime) -> str:
    """15 horoj 5."""
    return f"{at.hour} horoj {at.minute or ''}".strip()


def say_weekday(at: datetime) -> str:
    """Lundo."""
    return WEEKDAYS[at.weekday()]


def say_duration(seconds: int) -> str:
    """3 minutoj."""
    minutes, rest = divmod(seconds, 60)
    parts = [(minutes, "minuto"), (rest, "sekundo")]
    return " ".join(f"{count} {unit}{'j' if count != 1 else ''}" for count, unit in parts if count)


ESPERANTO = Language(
    code="eo",
    locale="eo-001",
    voice="Zamenhof",
    dial_codes={"48": "0"},
    ring_tones=(425, 0),
    ring_trembles=False,
    ring_seconds=1,
    ring_pause_seconds=4,
    sentences={**ENGLISH.sentences, **SENTENCES},
    say_date=say_date,
    say_time=say_time,
    say_weekday=say_weekday,
    say_duration=say_duration,
    say_digits="-".join,
    title="s-(?:ro|ino) ",
    honorific="(?!)",
    honorific_of_name="(?!)",
    uses_readings=False,
    letters=tuple((letter, letter) for letter in "ĉĝĥĵŝŭĈĜĤĴŜŬ"),
    sticks=(),
    is_part=lambda *_: False,
    opt_out_words={"stop": ("ĈESU",), "start": ("DENOVE",), "help": ("HELPU",)},
    before_wish="bonvolu",
    after_wish="mi petas|dankon",
    unwanted="ne skribu al mi",
    automatic=("aŭtomata respondo",),
    columns={name: (f"{name}-eo",) for name in ENGLISH.columns},
    yes=("jes",),
    no=("ne",),
)
