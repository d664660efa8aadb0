"""The picture of docs/architecture.md shows what happens."""

import pytest

from docs import architecture


@pytest.mark.thorough
def test_the_picture_is_up_to_date():
    assert architecture.PICTURE.read_text() == architecture.draw(), "Draw it anew: see docs/architecture.py"
