"""Cards: an address book as vCard, which telephones, iCloud and Google export."""

from typing import Any

from toritsugi.callers.encodings import refused_line
from toritsugi.callers.exports import join_name
from toritsugi.callers.sheets import MAX_ROWS, Said, Sheet, too_many_rows

BEGIN = "BEGIN:VCARD"


def is_cards(text: str) -> bool:
    """Whether a text is vCards, and no sheet."""
    return text.lstrip("\ufeff\r\n\t ")[: len(BEGIN)].upper() == BEGIN


def read_cards(text: str, country: str) -> Sheet:
    """What vCards say: of each number of a card the same. Raises RequestRefused 20001 for what is no vCard."""
    import vobject  # here only: hardly any request brings cards

    sheet = Sheet()
    try:
        for count, card in enumerate(vobject.readComponents(text.lstrip("\ufeff"), allowQP=True)):
            if count == MAX_ROWS:
                raise too_many_rows()
            said = said_on(card.contents)
            if any(cell.strip() for _, cell in said["number"]):
                sheet.add(line_of_card(card.contents), said, country)
            else:
                sheet.without_number += 1
    except (vobject.base.VObjectError, ValueError, LookupError) as error:
        raise refused_line(getattr(error, "lineNumber", None) or 1, f"this is no vCard: {error}") from None
    return sheet


def said_on(card: dict[str, list[Any]]) -> Said:
    """What stands on a card, by our columns; what it does not say stays as it was."""
    name = first(card, "fn") or name_on(card)
    reading = join_name([first(card, "x-phonetic-first-name"), first(card, "x-phonetic-last-name")])
    others = {
        "name": ("FN", name),
        "reading": ("X-PHONETIC-LAST-NAME", reading or sound_on(card)),
        "company": ("ORG", first(card, "org")),
        "notes": ("NOTE", first(card, "note")),
        "tags": ("CATEGORIES", ";".join(tag for one in card.get("categories", []) for tag in one.value)),
    }
    numbers = [("TEL", str(one.value)) for one in card.get("tel", [])]
    return {"number": numbers} | {column: [cell] for column, cell in others.items() if cell[1].strip()}


def first(card: dict[str, list[Any]], name: str) -> str:
    """What a card says under a name first, in one line; blank if it says nothing."""
    value = card[name][0].value if name in card else ""
    return str(value[0] if isinstance(value, list) else value)


def name_on(card: dict[str, list[Any]]) -> str:
    """The name of its parts."""
    if "n" not in card:
        return ""
    parts = card["n"][0].value
    return join_name([joined(parts.given), joined(parts.additional), joined(parts.family)])


def sound_on(card: dict[str, list[Any]]) -> str:
    """How a name is spoken, as Japanese telephones write it: the family's first, with semicolons."""
    return first(card, "sound").replace(";", "")


def joined(part: Any) -> str:
    return " ".join(part) if isinstance(part, list) else str(part)


def line_of_card(card: dict[str, list[Any]]) -> int:
    """The line in which a card begins."""
    return min(one.lineNumber for lines in card.values() for one in lines if getattr(one, "lineNumber", None)) - 1
