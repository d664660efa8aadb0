"""Draws the steps of a reception, for whoever has written it: a card for each, and its ways to others.

The colours follow the reader's, light or dark; there is no program in it, and every word is escaped.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from toritsugi.receptions.answering.hours import DAYS
from toritsugi.receptions.answering.visits import StepDocument
from toritsugi.receptions.authoring import graph
from toritsugi.receptions.authoring.graph import Way
from toritsugi.receptions.authoring.layout import Layout, Passage, find_back, lay_out

WIDTH, GAP, BETWEEN = 240, 30, 70  # of a card; beside each other; from a layer to the next
EDGE, HEAD, LINE = 16, 42, 19  # of a card: its margin, its first line, each line of words
CHIP, APART = 22, 6  # of what leads away: its height, and how far from the next
TOP, MARGIN = 136, 36
LETTER, WIDE = 0.54, 1.0  # how wide a letter is, of its size, and a Japanese one
MAX_CARD_LINES = 4

STYLE = """
svg { font-family: system-ui, "Segoe UI", "Hiragino Sans", "Noto Sans", "Noto Sans JP", "Noto Sans CJK JP", sans-serif;
  --paper: #fdfcf9; --ink: #22303c; --soft: #6b7883; --line: #b3bfc7; --card: #fff; --edge: #d9e0e4; --key: #c2571a;
  --say: #2b5fa8; --ask: #1f7a6d; --go: #7a4fa3; --end: #8a5a2b }
@media (prefers-color-scheme: dark) { svg { --paper: #151b21; --ink: #e6ebef; --soft: #98a6b1; --line: #586773;
  --card: #1e262e; --edge: #34404a; --key: #f0935a; --say: #7fb0f2; --ask: #5fc9b8; --go: #c09ae6; --end: #d9a877 } }
text { fill: var(--ink); font-size: 13px } .title { font-size: 21px; font-weight: 600 } .soft { fill: var(--soft);
  font-size: 12px } .name { font-size: 14px; font-weight: 650 } .kind { fill: var(--soft); font-size: 11.5px;
  text-anchor: end } .card { fill: var(--card); stroke: var(--edge); stroke-width: 1.2 } .way { fill: none;
  stroke: var(--line); stroke-width: 1.6 } .else { stroke-dasharray: 4 4 } .chip { fill: var(--card);
  stroke: var(--line); stroke-width: 1.2 } .cap { fill: var(--key); stroke: var(--key) } .on { fill: var(--card);
  font-size: 12px; font-weight: 700 } .label { font-size: 11.5px; fill: var(--soft) } .middle { text-anchor: middle }
.tip { fill: var(--line) } .icon { fill: none; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round }
.say { stroke: var(--say) } .ask { stroke: var(--ask) } .go { stroke: var(--go) } .end { stroke: var(--end) }
.stop { fill: var(--paper); stroke: var(--line); stroke-width: 1.6 } .dot { fill: var(--line) }
"""

TIP = """<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
<path class="tip" d="M0 0l8 4-8 4z"/></marker></defs>"""

# How each kind of step is drawn: what it is like, and its icon in a square of 20.
ICONS = {
    "say": ("say", "M3 4h14v9H9l-4 4v-4H3z"),
    "play": (
        "say",
        "M7 15V4l9-2v11M7 15a2.5 2.2 0 1 1-5 0 2.5 2.2 0 0 1 5 0zM16 13a2.5 2.2 0 1 1-5 0 2.5 2.2 0 0 1 5 0z",
    ),
    "greet": ("say", "M10 10a3.6 3.6 0 1 0-.01 0zM3 18c0-4 3-5.500 7-5.500s7 1.500 7 5.500"),
    "menu": ("ask", "M4 4h.5M10 4h.5M16 4h.5M4 10h.5M10 10h.5M16 10h.5M4 16h.5M10 16h.5M16 16h.5"),
    "gather": ("ask", "M8 3 6 17M14 3l-2 14M3 7.500h14M3 12.500h14"),
    "ask": (
        "ask",
        "M5 15a3.500 3.500 0 0 1 0-7 5 5 0 0 1 9.500-1A4 4 0 0 1 15 15zM10 18v-6M7.500 14.500 10 12l2.500 2.500",
    ),
    "hours": ("ask", "M10 2a8 8 0 1 0 .01 0zM10 6v4.500l3 2"),
    "transfer": ("go", "M3 10h13M11 5l5 5-5 5M3 4v12"),
    "voicemail": ("end", "M5.500 6.500a3.500 3.500 0 1 0 .01 0zM14.500 6.500a3.500 3.500 0 1 0 .01 0zM5.500 13.500h9"),
    "hangup": ("end", "M2 12c0-5 16-5 16 0l-3.500 1.500-1.500-3H7l-1.500 3z"),
    "jump": ("go", "M4 4v6a3 3 0 0 0 3 3h9M12 9l4 4-4 4"),
}


def draw(document: Mapping[str, Any], name: str, language: str | None = None) -> str:
    """The picture of a compiled document, as SVG; with its words in the document's own language, or in another."""
    steps: Mapping[str, StepDocument] = document["steps"]
    if not steps:
        return sheet(name, "It answers texts, and takes no calls.", 420, TOP, [])
    back = find_back(steps, document["start"])
    cards = {one: Card(one, step, back[one], language or document["language"]) for one, step in steps.items()}
    layout = lay_out(steps, document["start"], back, {one: card.width for one, card in cards.items()}, GAP)
    bands = stand(cards, layout)
    strokes = [*draw_entry(cards[document["start"]]), *draw_ways(cards, layout, bands)]
    for card in cards.values():
        strokes += card.draw()
    right = max(*(card.x + card.width for card in cards.values()), *layout.middle.values())
    said = (
        f"{len(steps)} steps. Dashed: otherwise, when nobody presses, says or answers anything. A dot: the call ends."
    )
    return sheet(name, said, right + MARGIN, bands[-1][1] + CHIP + MARGIN, strokes)


def sheet(name: str, said: str, width: float, height: float, strokes: list[str]) -> str:
    """The whole picture as SVG, with a title and a line about it; as wide as that line at least."""
    width = max(width, MARGIN * 2 + measure_width(said, 12))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
            f"<title>The reception {escape(name)}: its steps, and where each leads</title>",
            f"<style>{STYLE}</style>",
            TIP,
            f'<rect width="{width:.0f}" height="{height:.0f}" rx="16" fill="var(--paper)"/>',
            text_element(MARGIN, 46, name, "title"),
            text_element(MARGIN, 68, said, "soft"),
            *strokes,
            "</svg>\n",
        ]
    )


def stand(cards: dict[str, "Card"], layout: Layout) -> list[tuple[float, float]]:
    """Sets every card on its place; from where to where each layer reaches."""
    left = min(layout.middle[name] - card.width / 2 for name, card in cards.items())
    left = min(left, *layout.middle.values()) - MARGIN
    for node in layout.middle:
        layout.middle[node] -= left
    bands, y = [], float(TOP)
    for layer in layout.layers:
        standing = [cards[node] for node in layer if isinstance(node, str)]
        for card in standing:
            card.x, card.y = layout.middle[card.name] - card.width / 2, y
        bands.append((y, y + max(card.height for card in standing)))
        y = bands[-1][1] + BETWEEN
    return bands


def draw_entry(card: "Card") -> Iterator[str]:
    """Where a call comes in."""
    x = card.x + card.width / 2
    yield f'<circle class="dot" cx="{x:.1f}" cy="{card.y - 32:.1f}" r="5"/>'
    yield stroke("way", f"M{x:.1f} {card.y - 27:.1f}V{card.y - 2:.1f}", 'marker-end="url(#tip)"')


def draw_ways(cards: dict[str, "Card"], layout: Layout, bands: list[tuple[float, float]]) -> Iterator[str]:
    """The ways down: from each exit to the next layer, and from there, once for all who share it, to the step."""

    def lead(to: str, layer: int) -> tuple[float, float, str]:
        """Where a way to a step enters a layer, and how it is drawn there."""
        if Passage(to, layer) in layout.middle:
            return layout.middle[Passage(to, layer)], bands[layer][0], ""
        return cards[to].x + cards[to].width / 2, cards[to].y - 2, 'marker-end="url(#tip)"'

    def stretch(look: str, x: float, y: float, to: str, depth: int) -> str:
        """From a place in a layer straight down to its end, and over to the next one."""
        bottom, (to_x, to_y, end) = bands[depth][1], lead(to, depth + 1)
        return stroke(look, f"M{x:.1f} {y:.1f}V{bottom:.1f}{bend(x, bottom, to_x, to_y)}", end)

    for depth, layer in enumerate(layout.layers):
        for node in layer:
            if isinstance(node, Passage):
                yield stretch("way", layout.middle[node], bands[depth][0], node.to, depth)
                continue
            card = cards[node]
            for exit_ in card.exits:
                if exit_.way and not exit_.back:
                    look = "way else" if exit_.way.word == "otherwise" else "way"
                    yield stretch(look, card.x + exit_.x, card.y + card.height, exit_.way.to, depth)


# ---- a step ----------------------------------------------------------------------------------------------------------


class Exit:
    """What leads away from a step: a key, a word, or just what comes next; or back up; or to the end of the call."""

    def __init__(self, way: Way | None, *, back: bool = False) -> None:
        self.way, self.back = way, back
        said = "" if way is None or way.word in ("next", "jump") else way.by or way.word
        self.label = f"{said} \u2191 {way.to}".strip() if way and back else said
        self.is_key = bool(way and way.word == "keys" and not back)
        self.width = CHIP if self.is_key or not self.label else measure_width(self.label, 11.5) + 18
        self.x = 0.0  # from the left of its card

    def draw(self, x: float, y: float) -> Iterator[str]:
        """The exit in its place on the foot of a card."""
        if self.way is None:
            yield f'<circle class="stop" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
            yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.600"/>'
        elif self.label:
            place = f'x="{x - self.width / 2:.1f}" y="{y - CHIP / 2:.1f}" width="{self.width:.1f}" height="{CHIP}"'
            yield f'<rect class="chip{" cap" if self.is_key else ""}" {place} rx="{6 if self.is_key else CHIP / 2}"/>'
            yield text_element(x, y + 4, self.label, "on middle" if self.is_key else "label middle")


class Card:
    """A step: what it does, in its own words, and the exits at its foot."""

    def __init__(self, name: str, step: StepDocument, back: set[str], language: str) -> None:
        self.name, self.step = name, step
        self.exits = [Exit(way, back=way.to in back) for way in graph.ways(step)]
        if graph.may_end(step):
            self.exits.append(Exit(None))
        feet = sum(exit_.width for exit_ in self.exits) + APART * (len(self.exits) - 1)
        self.width = max(float(WIDTH), feet + 2 * EDGE)
        at = (self.width - feet) / 2
        for exit_ in self.exits:
            exit_.x, at = at + exit_.width / 2, at + exit_.width + APART
        self.words = wrap(first_words(step, language), self.width - 2 * EDGE)
        self.notes = [line for note in notes(step) for line in wrap(note, self.width - 2 * EDGE, 12)]
        self.height = HEAD + LINE * (len(self.words) + len(self.notes)) + CHIP / 2 + 8
        self.x = self.y = 0.0

    def draw(self) -> Iterator[str]:
        """The SVG elements of the card and of its exits."""
        look, icon = ICONS[self.step["kind"]]
        place = f'x="{self.x:.1f}" y="{self.y:.1f}" width="{self.width:.1f}" height="{self.height:.1f}"'
        yield f'<rect class="card" {place} rx="12"/>'
        where = f'transform="translate({self.x + EDGE:.1f} {self.y + 13:.1f}) scale(.9)"'
        yield stroke(f"icon {look}", icon, where)
        yield text_element(self.x + EDGE + 27, self.y + 27, self.name, "name")
        yield text_element(self.x + self.width - EDGE, self.y + 27, self.step["kind"], "kind")
        lines = [(line, "") for line in self.words] + [(note, "soft") for note in self.notes]
        for at, (line, look) in enumerate(lines):
            yield text_element(self.x + EDGE, self.y + HEAD + 12 + LINE * at, line, look)
        for exit_ in self.exits:
            yield from exit_.draw(self.x + exit_.x, self.y + self.height)


def first_words(step: StepDocument, language: str) -> str:
    """What is heard first at a step."""
    said = step[step["kind"]]
    if step["kind"] not in ("say", "greet", "menu", "gather", "voicemail"):
        return ""
    return said if isinstance(said, str) else said.get(language) or next(iter(said.values()))


def notes(step: StepDocument) -> Iterator[str]:
    """What else there is to know about a step."""
    kind = step["kind"]
    if kind == "play":
        yield step["play"].rsplit("/", 1)[-1]
    if kind == "gather":
        yield describe_digits(step)
    if "ask" in step:
        yield f"asks {urlsplit(step['ask']).hostname}"
    if kind == "hours":
        yield from describe_hours(step)
    if kind == "transfer":
        yield from describe_transfer(step)
    if kind == "voicemail":
        yield f"{step['seconds']} seconds at most"
    if "language" in step:
        yield f"from here on in {step['language']}"


def describe_digits(step: StepDocument) -> str:
    """How many digits are asked for, and whether they are read back."""
    least, most = step["digits"]["least"], step["digits"]["most"]
    count = str(most) if least == most else f"{least} to {most}"
    return f"{count} digit{'s' * (most > 1)}{', read back' if step['confirm'] else ''}"


def describe_hours(step: StepDocument) -> Iterator[str]:
    """When it is open, and when that is different."""
    yield from opening(step["hours"])
    if "holidays" in step:
        yield f"closed on public holidays ({step['holidays']})"
    if step["special"]:
        yield f"other hours on {len(step['special'])} special days"


def describe_transfer(step: StepDocument) -> Iterator[str]:
    """Whom it calls, how and for how long, and whether it is recorded."""
    yield from step["transfer"]
    how = ("together" if step["together"] else "in turn") + ", " if len(step["transfer"]) > 1 else ""
    yield f"{how}{step['seconds']} seconds{', accepted with 1' if step['accept'] else ''}"
    if "record" in step:
        yield "recorded, and both are told"


def opening(hours: Mapping[str, str]) -> Iterator[str]:
    """Opening hours, the days of the same together."""
    days = [day for day in DAYS if hours.get(day, "closed") != "closed"]
    for when, same in groupby(days, key=lambda day: hours[day]):
        group = list(same)
        yield f"{'-'.join(dict.fromkeys((group[0], group[-1])))} {when}"


# ---- strokes ---------------------------------------------------------------------------------------------------------


def text_element(x: float, y: float, said: str, look: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{look}">{escape(said)}</text>'


def stroke(look: str, way: str, more: str = "") -> str:
    return f'<path class="{look}" d="{way}" {more}/>'


def bend(x: float, y: float, to_x: float, to_y: float) -> str:
    """A curve that begins and ends straight down."""
    if abs(x - to_x) < 1:
        return f"L{to_x:.1f} {to_y:.1f}"
    down = (to_y - y) * 0.55
    return f"C{x:.1f} {y + down:.1f} {to_x:.1f} {to_y - down:.1f} {to_x:.1f} {to_y:.1f}"


def measure_width(said: str, size: float) -> float:
    """About how wide a text is."""
    return sum(WIDE if unicodedata.east_asian_width(one) in "WFA" else LETTER for one in said) * size


def wrap(said: str, width: float, size: float = 13, most: int = MAX_CARD_LINES) -> list[str]:
    """The text in lines that fit: broken at spaces, or anywhere between Japanese letters."""
    lines = [""] if said else []
    for part in re.findall(
        r"[\u3000-\u9fff\uff00-\uffef][、。，．）」！？]*|[^\s\u3000-\u9fff\uff00-\uffef]+|\s+", said
    ):
        for piece in (part,) if measure_width(part, size) <= width else part:
            if measure_width(lines[-1] + piece.rstrip(), size) > width:
                lines.append("")
            lines[-1] += piece if lines[-1] else piece.lstrip()
    if len(lines) > most:
        last = lines[most - 1]
        while measure_width(last + "…", size) > width:
            last = last[:-1]
        lines = [*lines[: most - 1], last.rstrip() + "…"]
    return lines
