"""Somebody who reads a page of the documents at a shell and pastes what it says to type, as it stands."""

import json
import os
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

from local import shell
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, OWN_SECRET, ROOT
from tests.stories.conftest import Box

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CURL = re.compile(r"^\s*curl |\$\(curl |\| curl ", re.MULTILINE)
REFUSED = re.compile(r"  # (4\d\d)\b")
END = "that was the block"

# As the reader's own, but that it notes each status and lets everything follow that takes no time.
WITNESS = """\
#!/bin/bash
{curl} --silent --show-error --noproxy '*' --max-time 60 --dump-header {folder}/headers "$@"
ended=$?
head -n 1 {folder}/headers | cut -d ' ' -f 2 >> {folder}/statuses
{curl} --silent --noproxy '*' {network}/clock -d '{{"advance": 0}}' -H 'Content-Type: application/json' > {folder}/clock
exit $ended
"""


class Reader:
    """Reads one page in a fresh checkout, beside a fresh `make run`, from top to bottom."""

    def __init__(self, page: Path, box: Box, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.blocks = iter(BLOCK.findall(page.read_text()))
        for name in ("examples", "docs", "layers"):
            (folder / name).symlink_to(ROOT / name)
        key = f"{ACCOUNT_SID}:{AUTH_TOKEN}"
        text = shell.lines(shell.Account(ACCOUNT_SID, AUTH_TOKEN, key, OWN_SECRET), box.exchange, box.network)
        (folder / ".toritsugi").mkdir()
        (folder / ".toritsugi/env").write_text(text)
        self.notes = folder / "notes"
        (self.notes / "bin").mkdir(parents=True)
        curl = self.notes / "bin/curl"
        curl.write_text(WITNESS.format(curl=shutil.which("curl"), folder=self.notes, network=box.network))
        curl.chmod(0o755)
        known = {"PATH": f"{curl.parent}:{os.environ['PATH']}", "HOME": str(folder), "no_proxy": "*"}
        with (self.notes / "errors").open("w") as errors:
            self.bash = subprocess.Popen(
                ["bash", "-o", "pipefail"],
                cwd=folder,
                env=known,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.types("trap 'echo \"$BASH_COMMAND: ended with $?\" >&2' ERR\n")

    def close(self) -> None:
        self.bash.communicate(timeout=300)

    def pastes(self) -> list[Any]:
        """The JSON that the next block answers. Fails where a command does, or is refused, and no comment says so."""
        block = next(self.blocks)
        (self.notes / "statuses").write_text("")
        out = self.types(block)
        errors = (self.notes / "errors").read_text()
        assert not errors, f"{self.page.name}:\n{block}\n{out}\n{errors}"
        statuses = (self.notes / "statuses").read_text().split()
        starts = [curl.start() for curl in CURL.finditer(block)]
        commands = [block[start:end] for start, end in pairwise([*starts, len(block)])]
        assert len(statuses) == len(commands), f"{statuses} of {commands}"
        for status, command in zip(statuses, commands, strict=True):
            refused = REFUSED.search(command)
            assert status == refused[1] if refused else status < "400", f"{status} to {command}\n{out}"
        return list(values(out))

    def types(self, text: str) -> str:
        """What it writes until it is done."""
        assert self.bash.stdin
        assert self.bash.stdout
        self.bash.stdin.write(f"{text}\nprintf '\\n%s\\n' '{END}'\n")
        self.bash.stdin.flush()
        written = []
        for line in self.bash.stdout:
            if line.strip() == END:
                return "".join(written)
            written.append(line)
        raise AssertionError(f"the shell has ended: {(self.notes / 'errors').read_text()}")

    def reads_on(self) -> None:
        """The rest of the page, block by block."""
        while not self.is_done:
            self.pastes()

    @property
    def is_done(self) -> bool:
        rest = list(self.blocks)
        self.blocks = iter(rest)
        return not rest


def values(text: str) -> list[Any]:
    """Every value of JSON in a text, one after the other; what is none is passed over."""
    found, at, decoder = [], 0, json.JSONDecoder()
    while at < len(text):
        if text[at] in "{[":
            try:
                value, at = decoder.raw_decode(text, at)
                found.append(value)
                continue
            except ValueError:
                pass
        at += 1
    return found
