"""A telephone number in a request. Only a REST API reads this: it is heavy."""

from typing import Annotated

from pydantic import AfterValidator, Field

from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines.numbers import read_typed

MAX_TYPED = 64


def read_field(text: str) -> str:
    """In E.164, a number as people write it where the exchange is. Raises ValueError."""
    try:
        return read_typed(text)
    except RequestRefused as refusal:
        raise ValueError(refusal.message) from None


Number = Annotated[
    str,
    Field(
        max_length=MAX_TYPED,
        examples=["+819011110001", "090-1111-0001"],
        description="E.164, or as people write it where the exchange is",
    ),
    AfterValidator(read_field),
]
