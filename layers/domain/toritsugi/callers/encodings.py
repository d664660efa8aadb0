"""Encodings: the bytes of a sheet as text, or the line and the reason why nobody can be sure of it.

UTF-8 and Shift_JIS are known by what stands in them. Every other encoding has to be named, and what is named is
believed, unless the sheet says otherwise.
"""

import codecs
import re

from toritsugi.callers import spellings
from toritsugi.foundation.errors import RequestRefused

BYTE_ORDER_MARKS = {  # the longer ones first
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHER_FILES = {b"PK\x03\x04": "an Excel workbook", b"\xd0\xcf\x11\xe0": "an Excel workbook", b"%PDF": "a PDF"}
KNOWN = re.compile(r"utf-(8|16|32).*|cp\d+|(iso|koi|mac|euc|gb|big5|shift_jis).*|hz|johab|ascii")
ONE_BYTE = re.compile(r"cp([48]|12).*|(iso8859|koi|mac).*")  # any bytes fit
# What is written under these names: https://encoding.spec.whatwg.org/#names-and-labels
WRITTEN_AS = {
    "utf-8": "utf-8-sig",
    "shift_jis": "cp932",
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "euc_kr": "cp949",
}
# The usual characters of encodings that a sheet may look like. That is only said, and never believed.
LOOKS = {
    "shift_jis": rb"(?:[\x00-\x7f\xa1-\xdf]|[\x81-\x9f][\x40-\xfc])*",
    "euc-jp": rb"(?:[\x00-\x7f]|[\xa4\xa5\xb0-\xcf][\xa1-\xfe]|\x8e[\xa1-\xdf])*",
    "gbk": rb"(?:[\x00-\x7f]|[\xb0-\xd7][\xa1-\xfe])*",
    "big5": rb"(?:[\x00-\x7f]|[\xa4-\xc6][\x40-\x7e\xa1-\xfe])*",
    "euc-kr": rb"(?:[\x00-\x7f]|[\xb0-\xc8][\xa1-\xfe])*",
    "windows-1252": rb"(?:[\x00-\x7f]|(?<=[A-Za-z])[\xc0-\xff]|[\xc0-\xff](?=[A-Za-z]))*",
    "windows-1251": rb"(?:[\x00-\x7f]|[\xc0-\xff]{2,})*",
}
ENCODING_SIGNS = {
    "iso-2022-jp": rb"\x1b\$",
    "hz": rb"~\{(?:[\x21-\x77][\x21-\x7e])+~\}",  # https://www.rfc-editor.org/rfc/rfc1843
    "utf-16": rb"(?:[\x20-\x7e]\0){3}|(?:\0[\x20-\x7e]){3}",
}
# Two letters or more, or one of Latin: https://www.rfc-editor.org/rfc/rfc2152
UTF_7 = re.compile(rb"\+(?:[A-Za-z0-9+/]{5,}(?![A-Za-z0-9+/])|A[M-Za-f][A-Za-z0-9+/]-)")
MAX_GUESSED_AT = 100_000  # bytes
NAME_IT = "save it in UTF-8, or say which it is, like encoding=utf-8 or encoding=windows-1252"
END_OF_FILE = (
    "\x1a"  # DOS ended a text so, and some exports still do: https://en.wikipedia.org/wiki/Substitute_character
)


def decode(sheet: bytes, named: str = "") -> str:
    """The text of a sheet: in the encoding that is named, else in UTF-8, or in Shift_JIS as Windows writes it.

    Raises RequestRefused 20001 unless that is certain.
    """
    for beginning, file in OTHER_FILES.items():
        if sheet.startswith(beginning):
            raise refusal(f"This is {file}: save it as CSV, in UTF-8")
    marked = next((codec for mark, codec in BYTE_ORDER_MARKS.items() if sheet.startswith(mark)), "")
    codec = find_codec(named) if named else marked
    text = read_as(sheet, codec, named or marked.removesuffix("-sig")) if codec else guess(sheet)
    refuse_garbled(text)
    return text.rstrip(f"\r\n{END_OF_FILE}") + "\n" if END_OF_FILE in text[-3:] else text


def refuse_garbled(text: str) -> None:
    """Raises RequestRefused 20001 for what was garbled before, on its way or when it was saved."""
    if "\ufffd" in text:
        why = "the file was not in UTF-8, and was garbled on its way: send Shift_JIS as application/octet-stream"
        raise refused_line(line_at(text, text.index("\ufffd")), why)
    for number, line in enumerate(text.split("\n"), 1):
        if not line.isascii() and (meant := spellings.find_meant(line)):
            raise refused_line(number, f"it was garbled before it was saved; here stood {meant.strip()[:100]!r}")
        if not line.isascii() and (strange := spellings.find_strange(line)):
            raise refused_line(
                number, f"nobody writes {strange[:20]!r}: the file is in another encoding, or was saved so"
            )


# ---- named -----------------------------------------------------------------------------------------------------------


def find_codec(named: str) -> str:
    """The encoding of this name, as Python calls it. Raises RequestRefused 20001."""
    label = re.sub("^x-", "", named.lower())
    try:
        codec = codecs.lookup("cp932" if label == "windows-31j" else label).name
    except (LookupError, ValueError):
        codec = ""
    if not KNOWN.fullmatch(codec):
        raise refusal(f"{named[:50]} is no encoding that is known here; utf-8, shift_jis and windows-1252 are", 415)
    return WRITTEN_AS.get(codec, codec)


def read_as(sheet: bytes, codec: str, named: str) -> str:
    """The text in an encoding that is named, unless it is plainly in another. Raises RequestRefused 20001."""
    try:
        text = sheet.decode(codec)
    except UnicodeDecodeError as error:
        raise refused_byte(sheet, error.start, f"the file is not in {named}") from None
    if codec.startswith("utf") or sheet.isascii():
        if not codec.startswith(("iso2022", "hz", "utf-16", "utf-32")):
            refuse_other_signs(sheet, f"the file is not in {named}")
        return text
    if (other := find_utf_8(sheet)) is not None and spellings.is_certain(other):
        raise refusal(f"The file is not in {named}: it is in UTF-8")
    native, garbled = spellings.weigh(sheet.decode("cp932", "replace"))
    strange = len(garbled) > len(native) if codec == "cp932" else len(native) > len(garbled)
    if strange and (codec == "cp932" or ONE_BYTE.fullmatch(codec)):
        raise refusal(f"The file is not in {named}: {looks_like(sheet)}")
    if ONE_BYTE.fullmatch(codec) and (unlikely := spellings.find_unlikely(text)):
        why = f"the file is not in {named}, in which it says {unlikely[:20]!r}; {looks_like(sheet, codec)}"
        raise refused_line(line_at(text, text.index(unlikely)), why)
    return text


# ---- not named -------------------------------------------------------------------------------------------------------


def guess(sheet: bytes) -> str:
    """The text in UTF-8 or Shift_JIS, whichever it is for certain. Raises RequestRefused 20001."""
    refuse_other_signs(sheet)
    try:
        text = sheet.decode("utf-8")
    except UnicodeDecodeError as error:
        if is_nearly_utf_8(sheet):
            raise refused_byte(sheet, error.start, "the file is in UTF-8, and this is not") from None
        return guess_shift_jis(sheet)
    if not spellings.is_certain(text):
        raise refused_byte(sheet, first_high(sheet), f"the file may be in UTF-8 or not; {NAME_IT}")
    return text


def refuse_other_signs(sheet: bytes, why: str = "") -> None:
    """Raises RequestRefused 20001 where other encodings say in ASCII that letters of theirs follow."""
    signs = [(name, found.start()) for name, sign in ENCODING_SIGNS.items() if (found := re.search(sign, sheet))]
    signs += [("utf-7", found.start()) for found in UTF_7.finditer(sheet) if is_utf_7(found[0])][:1]
    for name, at in signs:
        raise refused_byte(sheet, at, f"{why}{why and '; '}it looks like {name}; {NAME_IT}")


def is_utf_7(letters: bytes) -> bool:
    """Whether these bytes of a sheet are letters in UTF-7: +bGB1MA is 池田, and a number is none."""
    try:
        text = letters.decode("utf-7")
    except UnicodeDecodeError:
        return False
    return not letters[1:].isdigit() and text.isalpha() and (len(text) == 1 or spellings.is_certain_word(text))


def guess_shift_jis(sheet: bytes) -> str:
    """The text in Shift_JIS, if it is certainly Japanese. Raises RequestRefused 20001."""
    why = f"the file is not in UTF-8, and not certainly in Shift_JIS; {looks_like(sheet)}"
    try:
        text = sheet.decode("cp932")
    except UnicodeDecodeError as error:
        raise refused_byte(sheet, error.start, why) from None
    native, garbled = spellings.weigh(text)
    if garbled:
        raise refused_line(line_at(text, min(map(text.index, garbled))), why)
    if not native:
        raise refused_byte(sheet, first_high(sheet), why)
    return text


def is_nearly_utf_8(sheet: bytes) -> bool:
    """Whether a sheet is UTF-8 with mistakes: some line of it certainly is, or most of what is not ASCII."""
    lines = (find_utf_8(line) for line in sheet.split(b"\n") if not line.isascii())
    if any(line and spellings.has_certain_word(line) for line in lines):
        return True
    text = sheet.decode("utf-8", "surrogateescape")
    return len(re.findall("[\u0800-\ud7ff\ue000-\U0010ffff]", text)) > len(re.findall("[\udc80-\udcff]", text))


def find_utf_8(sheet: bytes) -> str | None:
    """The text in UTF-8; None if it is not."""
    try:
        return sheet.decode("utf-8")
    except UnicodeDecodeError:
        return None


# ---- what is said ----------------------------------------------------------------------------------------------------


def looks_like(sheet: bytes, other_than: str = "") -> str:
    """What the encoding may be, and what to do about it."""
    looks = [name for name in LOOKS if find_codec(name) != other_than]
    likely = [name for name in looks if re.fullmatch(LOOKS[name], sheet[:MAX_GUESSED_AT])]
    return (f"it looks like {' or '.join(likely)}; " if likely else "") + NAME_IT


def first_high(sheet: bytes) -> int:
    """Where the first byte stands that is not ASCII."""
    return next(at for at, byte in enumerate(sheet) if byte > 0x7F)


def line_at(text: str, at: int) -> int:
    """In which line this place is."""
    return text.count("\n", 0, at) + 1


def refused_byte(sheet: bytes, at: int, why: str) -> RequestRefused:
    """The refusal of a sheet for the byte at this place, which is shown with what stands before it."""
    before = sheet[max(0, at - 20) : at].rpartition(b"\n")[2]
    return refused_line(sheet.count(b"\n", 0, at) + 1, f"{why} (byte {sheet[at]:02X} after {before!r})")


def refused_line(line: int, why: str) -> RequestRefused:
    """The refusal of a sheet for what stands in this line."""
    errors = [{"line": line, "column": None, "detail": why}]
    return RequestRefused(20001, f"Nothing was written. Line {line}: {why}", 422, errors=errors, bad=1)


def refusal(message: str, status: int = 422) -> RequestRefused:
    """The refusal (20001) of a sheet."""
    return RequestRefused(20001, message, status)
