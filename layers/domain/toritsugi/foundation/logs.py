"""The log, from which telephone numbers are struck out, whoever put them in."""

import re
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

# Not inside a SID: those are hexadecimal, and may hold as many digits in a row.
NUMBER = re.compile(r"(?<![0-9A-Za-z])(\+|%2B)?\d{9,15}(?![0-9A-Za-z])")


class Discreet(LambdaPowertoolsFormatter):
    """Powertools' JSON lines, with every telephone number left out, in messages and tracebacks alike."""

    def serialize(self, log: Any) -> str:
        return NUMBER.sub("(number)", super().serialize(log))


log = Logger(logger_formatter=Discreet(serialize_stacktrace=False))
