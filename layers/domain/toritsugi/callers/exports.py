"""Exports: the headings of address books and CRMs, and which of our columns each is. Whatever else they have stays out.

Google's are those of today and those before 2024: https://support.google.com/contacts/answer/7199294. Outlook's are of
its CSV, Salesforce's of reports and of the Data Loader, kintone's the usual names of fields in apps for customers.
"""

import re
from collections.abc import Iterable

# Beside the columns that there are: of several parts of a name, or of a reading, one is made.
NAME_PARTS = {  # in the order in which they are said
    "given name": "name",
    "middle name": "name",
    "family name": "name",
    "given reading": "reading",
    "family reading": "reading",
}
FAMILY_FIRST = re.compile("[\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]")

NAME_HEADINGS = {"First Name|Given Name|名": "given name", "Middle Name|Additional Name": "middle name"}
NAME_HEADINGS |= {"Last Name|Family Name|Surname|姓": "family name"}

EXPORTS = {
    "google": {
        r"Phone \d+ - Value|電話 \d+ - 値": "number",
        **NAME_HEADINGS,
        "(Phonetic First Name|Given Name Yomi)": "given reading",
        "(Phonetic Last Name|Family Name Yomi)": "family reading",
        r"Organization Name|Organization 1 - Name": "company",
        "Notes": "notes",
        "Labels|Group Membership": "tags",
    },
    "outlook": {
        r"(Mobile|Business|Home|Primary|Other|Car|Company Main) Phone( 2)?|携帯電話|会社電話( 2)?|自宅電話( 2)?"
        "|通常の電話|その他の電話|会社代表電話|自動車電話": "number",
        **NAME_HEADINGS,
        "Given (Name )?Yomi|名フリガナ|フリガナ ?\\(名\\)": "given reading",
        "(Surname|Family Name|Last Name) Yomi|姓フリガナ|フリガナ ?\\(姓\\)": "family reading",
        "Company|Company Name|会社名": "company",
        "Notes|メモ": "notes",
        "Categories|分類項目": "tags",
    },
    "salesforce": {
        "(Mobile|Home|Other|Business|Account|Asst\\.)? ?Phone|Mobile|MobilePhone|HomePhone|OtherPhone"
        "|電話|携帯|携帯電話|電話 ?\\((自宅|その他)\\)": "number",
        "Name|Full Name|Contact Name|Lead Name|氏名|名前|取引先責任者名": "name",
        "First ?Name|名|名 ?\\(名\\)": "given name",
        "Middle ?Name": "middle name",
        "Last ?Name|姓": "family name",
        "First ?Name ?(Local|\\(Phonetic\\))|名 ?\\((ふりがな|フリガナ|カナ)\\)": "given reading",
        "Last ?Name ?(Local|\\(Phonetic\\))|姓 ?\\((ふりがな|フリガナ|カナ)\\)": "family reading",
        "Company|Company / Account|Account Name|Account\\.Name|取引先名|会社名|会社": "company",
        "Description|説明": "notes",
    },
    "kintone": {
        "TEL|電話|電話番号|携帯|携帯電話|携帯番号|携帯電話番号|連絡先|Tel|Phone": "number",
        "担当者名|顧客名|お客様名|氏名|名前|Customer Name|Contact Name|Name": "name",
        "ふりがな|フリガナ|よみがな|担当者名 ?\\((かな|カナ|ふりがな|フリガナ)\\)": "reading",
        "会社名|取引先名|Company( Name)?": "company",
        "備考|メモ|Notes?": "notes",
        "タグ": "tags",
    },
}


def column_in(export: str, heading: str) -> str | None:
    """Which of our columns, or which part of one, a heading of an export is; None for one that stays out."""
    said = heading.strip()
    return next((column for headings, column in EXPORTS[export].items() if re.fullmatch(headings, said, re.I)), None)


def cells_in(column: str, cell: str) -> list[str]:
    """What an export has put into one cell: Google writes several numbers and labels so, and stars its own labels."""
    several = [one.strip() for one in cell.split(" ::: ")]
    if column == "tags":
        return [";".join(one.removeprefix("* ") for one in several if one != "* myContacts")]
    return several if column == "number" else [cell]


def find_export(headings: list[str]) -> str | None:
    """The export that has most of these headings, if it has three of them and a number among them."""
    columns = {export: [column for one in headings if (column := column_in(export, one))] for export in EXPORTS}
    likely = [export for export, found in columns.items() if len(found) > 2 and "number" in found]
    return max(likely, key=lambda export: len(columns[export]), default=None)


def join_name(parts: Iterable[str]) -> str:
    """A name of its parts, the family's last; in East Asia it stands first, and nothing between them."""
    said = [part.strip() for part in parts if part.strip()]
    return "".join(reversed(said)) if all(map(FAMILY_FIRST.match, said)) else " ".join(said)
