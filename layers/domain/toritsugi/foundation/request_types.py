"""What requests of every noun have in common. Only a REST API reads this: it is heavy."""

from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation.forms import URL, web_address
from toritsugi.foundation.visible import plain_text

DateTime = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-21T09:30:00Z"])]
Moment = DateTime | None  # null: not yet, or never
Uri = Annotated[str, Field(json_schema_extra={"format": "uri"})]
Url = Annotated[str, Field(pattern=f"^{URL.pattern}$", max_length=1000)]
OwnUrl = Annotated[Url, AfterValidator(web_address)]  # to which the exchange itself sends requests
VisibleText = Annotated[str, AfterValidator(plain_text)]  # such as a name


class Strict(BaseModel):
    """What is not known is refused, and a number is no text."""

    model_config = ConfigDict(extra="forbid", strict=True)


def one_of(words: Any) -> Any:
    """What an answer says that is one of these words, a Literal. Only the document says so: no answer fails by it."""
    return Field(json_schema_extra={"enum": list(get_args(words))})


class PageMeta(TypedDict):
    """Where a page of a list is, and where the first and the next one are; null: there is no next one."""

    page_size: int
    url: Uri
    first_page_url: Uri
    next_page_url: Uri | None
