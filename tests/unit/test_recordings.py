"""Recordings: where they come from, told in the path of their callbacks."""

import pytest

from toritsugi.errors import RequestRefused
from toritsugi.recordings.reports import Source


@pytest.mark.parametrize("source", [Source("voicemail", "desk", "c2VhbGVk"), Source("conversation", "a-b_2", "_-x")])
def test_a_source_reads_its_own_path(source):
    assert Source.read(source.path) == source


@pytest.mark.parametrize(
    "path",
    [
        "/recording",
        "/recording/voicemail/desk",
        "/recording/fax/desk/x",
        "/recording/voicemail/de sk/x",
        "/recording/voicemail/desk/x/y",
    ],
)
def test_any_other_path_is_nobodys(path):
    with pytest.raises(RequestRefused) as refusal:
        Source.read(path)
    assert refusal.value.code == 20404
