"""Modules of wheels that are imported at every start and never used on Lambda: a layer has the least that imports need.

They would cost a cold start 15 of its 140 ms. botocore documents its own methods; urllib3 asks for the version of a
package for HTTP/2, which nobody here turns on; Powertools has metrics, traces and a query language beside its logger.
"""

from pathlib import Path

NO_DOCUMENTATION = '''\
"""In the place of botocore's own: methods of clients are not documented on Lambda."""


class LazyLoadedDocstring(str):
    def __new__(cls, *_: object, **__: object) -> "LazyLoadedDocstring":
        return super().__new__(cls)


class ClientMethodDocstring(LazyLoadedDocstring):
    pass


class WaiterDocstring(LazyLoadedDocstring):
    pass


class PaginatorDocstring(LazyLoadedDocstring):
    pass
'''

NO_METRICS = "Metrics = single_metric = None\n"
NO_TRACES = "Tracer = None\n"

STUBS = {
    "aws_lambda_powertools/metrics/__init__.py": NO_METRICS,
    "aws_lambda_powertools/tracing/__init__.py": NO_TRACES,
    "aws_lambda_powertools/utilities/jmespath_utils/__init__.py": "",
    "botocore/docs/docstring.py": NO_DOCUMENTATION,
    "botocore/docs/__init__.py": "",
    "urllib3/http2/__init__.py": "",
}


def put_stubs(python: Path) -> None:
    """Writes the stubs over the modules of the wheels in `python`. Raises FileNotFoundError where one is not there."""
    for name, text in STUBS.items():
        if not (python / name).is_file():
            raise FileNotFoundError(f"{name} is not in the wheel any more: see infra/package/stubs.py")
        (python / name).write_text(text)
