"""What of its wheels a layer leaves out: what Lambda never reads, and data of regions and products unknown to us.

Licences and METADATA stay. tests/package proves that what is left is enough. What botocore knows of AWS has a module of
its own: models.py.
"""

import shutil
from pathlib import Path

from package import models, stubs

# Whatever the wheel: patterns of pathlib's, beneath the folder `python`.
EVERYWHERE = (
    *("bin", ".lock", "**/__pycache__", "**/*.pyi", "**/py.typed", "**/tests"),
    *(f"*.dist-info/{name}" for name in ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "top_level.txt", "zip-safe")),
)

# Both layers have a share of `twilio` and of Powertools, which /opt/python makes one again; all else is one layer's.
TWILIO_OF_BASE = ("__init__.py", "request_validator.py", "twiml")
TWILIO_NOWHERE = ("jwt",)  # tokens of the browser SDKs, which want PyJWT
POWERTOOLS_OF_REST = "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*"  # the page that shows the API

PRODUCTS = ("api",)  # of Twilio's forty: calls, conferences, messages, numbers, recordings

BASE = (
    # places, carriers and time zones in words; what parses, formats and tells numbers apart is elsewhere
    *(f"phonenumbers/{name}" for name in ("geodata", "geocoder.py", "carrierdata", "carrier.py")),
    *(f"phonenumbers/{name}" for name in ("tzdata", "timezone.py")),
    "dateutil/zoneinfo/*.tar.gz",
    # of time zones, the sources of what zoneinfo reads
    *(f"tzdata/zoneinfo/{name}" for name in ("*.tab", "*.zi", "leapseconds")),
    POWERTOOLS_OF_REST,
)

REST = (
    *(f"{package}-*.dist-info" for package in ("twilio", "aws_lambda_powertools")),  # base's
    *(f"twilio/{name}" for name in (*TWILIO_OF_BASE, *TWILIO_NOWHERE)),
    *(f"pydantic/{name}" for name in ("v1", "mypy.py")),  # its former self, and what only a type checker reads
    *(f"holidays/{name}" for name in ("locale", "financial")),  # what holidays are called, and when exchanges rest
    *("_yaml", "yaml/_yaml.*", "yaml/cyaml.py"),  # the parser in C: ours reads events, with their places
)


def trim_base(python: Path, template: str) -> None:
    """Leaves of base's wheels what every function needs, and what this template allows to be asked of AWS."""
    remove(python, *EVERYWHERE, *BASE)
    keep(python / "twilio", TWILIO_OF_BASE)
    stubs.put_stubs(python)
    keep(python / "botocore/docs", ("__init__.py", "docstring.py", "utils.py"))
    models.trim(python / "botocore/data", models.operations(template))


def trim_rest(python: Path) -> None:
    """Leaves of rest's wheels what a REST API and Twilio's client need beside base."""
    remove(python, *EVERYWHERE, *REST)
    keep(python / "twilio/rest", ("__init__.py", *PRODUCTS))
    page = set(python.glob(POWERTOOLS_OF_REST))
    for path in (python / "aws_lambda_powertools").rglob("*"):
        if path.is_file() and path not in page:
            path.unlink()


def keep(folder: Path, names: tuple[str, ...]) -> None:
    remove(folder, *(path.name for path in folder.iterdir() if path.name not in names))


def remove(folder: Path, *patterns: str) -> None:
    for pattern in patterns:
        for path in list(folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
