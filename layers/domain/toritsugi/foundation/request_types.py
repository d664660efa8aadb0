"""What requests of every noun have in common. Only a REST API reads this: it is heavy."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation.forms import URL
from toritsugi.foundation.visible import plain_text

Moment = Annotated[str | None, Field(examples=["2026-11-21T09:30:00Z"])]  # null: not yet, or never
Url = Annotated[str, Field(pattern=f"^{URL.pattern}$", max_length=1000)]
VisibleText = Annotated[str, AfterValidator(plain_text)]  # such as a name


class Strict(BaseModel):
    """What is not known is refused, and a number is no text."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PageMeta(TypedDict):
    """Where a page of a list is, and where the first and the next one are; null: there is no next one."""

    page_size: int
    url: str
    first_page_url: str
    next_page_url: str | None
