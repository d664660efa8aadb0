"""A telephone number in a request. Only a REST API reads this: it is heavy."""

from typing import Annotated

from pydantic import Field

from toritsugi.lines.numbers import E164

E164_PATTERN = f"^{E164.pattern}$"
Number = Annotated[str, Field(pattern=E164_PATTERN, examples=["+819011110001"], description="E.164")]
