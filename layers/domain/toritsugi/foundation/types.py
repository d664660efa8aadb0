"""Types that every room uses."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]  # an object
Fields = Mapping[str, str]  # of a webhook, by Twilio's names
