"""What lies in a reception's partition: which version counts, and every version there was."""

from typing import Any

from pynamodb.attributes import (
    DiscriminatorAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)

from toritsugi.foundation import config
from toritsugi.foundation.tables import Table

DocumentDict = dict[str, Any]


class ReceptionEntry(Table):
    """Whatever lies in a reception's partition."""

    class Meta:
        table_name = config.RECEPTIONS_TABLE

    name = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()


class Reception(ReceptionEntry, discriminator="current"):
    """A reception: the version that counts, and the lines at which it answers.

    One that was deleted stays as it was, for a call may still be at it, and its versions are never counted anew.
    """

    version = NumberAttribute()
    lines = UnicodeSetAttribute(null=True)
    date_created = NumberAttribute()
    date_updated = NumberAttribute()
    deleted_at = NumberAttribute(null=True)

    @property
    def tag(self) -> str | None:
        """The ETag: that of the version that counts, whatever lines have it; None of one that is deleted."""
        return None if self.deleted_at else f'"{int(self.version)}"'


class ReceptionName(ReceptionEntry, discriminator="name"):
    """That there is a reception of this name, in the account's own partition: it lists them."""

    named = UnicodeAttribute()


class Version(ReceptionEntry, discriminator="version"):
    """A version, which never changes: the document, and the text that its owner has written."""

    version = NumberAttribute()
    document = JSONAttribute()
    source = UnicodeAttribute()
    content_type = UnicodeAttribute()
    date_created = NumberAttribute()


def current_key(name: str) -> tuple[str, str]:
    """Where a reception keeps what counts now."""
    return name, "current"


def name_key(name: str) -> tuple[str, str]:
    """Where the account keeps that there is such a reception."""
    return config.TWILIO_ACCOUNT_SID, f"name#{name}"


def version_entry(version: int) -> str:
    """Where a reception keeps one of its versions."""
    return f"version#{version:06}"


_remembered_documents: dict[tuple[str, int], DocumentDict] = {}
MAX_REMEMBERED = 200


def remember_document(name: str, version: int, document: DocumentDict) -> None:
    """Has this process know a version, so that a call that goes on needs no trip to the database."""
    if len(_remembered_documents) >= MAX_REMEMBERED:
        _remembered_documents.pop(next(iter(_remembered_documents)))
    _remembered_documents[name, version] = document


def get_document(name: str, version: int) -> DocumentDict:
    """What a version says; one round trip, or none if this process knows it. Raises Version.DoesNotExist."""
    if (name, version) not in _remembered_documents:
        remember_document(name, version, Version.get(name, version_entry(version), consistent_read=True).document)
    return _remembered_documents[name, version]


def forget_documents() -> None:
    """Has this process know no version, as after a cold start."""
    _remembered_documents.clear()


# ---- lists -----------------------------------------------------------------------------------------------------------


def list_receptions(after: str | None, most: int) -> tuple[list[Reception], str | None]:
    """A page of the account's receptions in the order of their names, and where the next page begins."""
    account, start = name_key("")
    names = list(
        ReceptionName.query(
            account,
            ReceptionName.entry.startswith(start),
            limit=most + 1,
            last_evaluated_key={"name": {"S": account}, "entry": {"S": after}} if after else None,
            consistent_read=True,
        )
    )
    page = names[:most]
    found = Reception.batch_get([current_key(name.named) for name in page], consistent_read=True) if page else ()
    return sorted(found, key=lambda one: one.name), page[-1].entry if len(names) > most else None


def list_versions(name: str, after: str | None, most: int) -> tuple[list[Version], str | None]:
    """A page of a reception's versions, the newest first, and where the next page begins."""
    start = version_entry(0).removesuffix("000000")
    versions = list(
        Version.query(
            name,
            Version.entry.startswith(start),
            limit=most + 1,
            scan_index_forward=False,
            last_evaluated_key={"name": {"S": name}, "entry": {"S": after}} if after else None,
            attributes_to_get=["name", "entry", "kind", "version", "content_type", "date_created"],
            consistent_read=True,
        )
    )
    return versions[:most], versions[most - 1].entry if len(versions) > most else None
