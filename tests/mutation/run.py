"""`make mutants`: mistakes are made in the exchange, one at a time, and the tests have to notice.

N of them are drawn by SEED, half from conditions, refusals and errors; ONLY is a part of a path. What is known of a
mistake is kept as long as its file, and for one that nobody noticed the tests, stay as they are: a run that was stopped
goes on. The run fails where too few of those that matter were noticed.
"""

import argparse
import gc
import hashlib
import importlib
import json
import os
import random
import signal
import sys
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from tests.mutation.footprints import KEPT, QUICK, STORIES, Test, digest, is_kept, known_tests, record, test_files
from tests.mutation.mutants import ROOT, Mutant, draw, every_mutant, judgements
from tests.mutation.trials import Witnesses, order, put_to_trial

BAR = 0.97
RESULTS = KEPT / "results.jsonl"
SURVIVORS = KEPT / "survivors.toml"
# Imported once, for all trials. None of them knows the exchange.
HEAVY = (
    "moto.backends", "moto.dynamodb.models", "moto.dynamodb.responses", "moto.scheduler.models", "boto3",
    "pynamodb.models", "pydantic", "phonenumbers", "twilio.rest", "twilio.twiml.voice_response", "holidays", "yaml",
    "httpx", "uvicorn", "starlette.applications", "aws_lambda_powertools.event_handler", "time_machine",
    "hypothesis.strategies",
)  # fmt: skip

QUIETLY = ("-n", "0", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")

KILLED, SURVIVED, TIMED_OUT, UNTESTED, HARMLESS = "killed", "survived", "timed out", "untested", "harmless"
PASSED = "passed"  # the quick tests: the stories have not been asked yet
COLUMNS = (KILLED, TIMED_OUT, SURVIVED, UNTESTED, HARMLESS)


@dataclass(frozen=True)
class Result:
    """What became of a mistake, and which test noticed."""

    mutant: Mutant
    outcome: str
    witness: str = ""

    @property
    def is_noticed(self) -> bool:
        return self.outcome in (KILLED, TIMED_OUT)


@dataclass(frozen=True)
class Task:
    """Something that is done in a process of its own: it is handed the file for its verdict, and pytest's arguments."""

    name: str
    run: Callable[[Path, list[str]], int]
    mutant: Mutant | None = None


# ---- processes -------------------------------------------------------------------------------------------------------


def fork(task: Callable[[Path, list[str]], int], slot: int) -> int:
    """The process that does this, quietly and by itself; its exit code is what the task gives, or 70 where it fails."""
    process = os.fork()
    if process:
        return process
    try:
        folder = folder_of(slot)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "verdict").unlink(missing_ok=True)
        os.setpgid(0, 0)
        os.chdir(ROOT)
        quiet = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(quiet, stream)
        random.seed()  # for each process chooses ports of its own
        status = task(folder / "verdict", [*QUIETLY, f"--basetemp={folder / 'tests'}"])
        sys.stdout.flush()
        os._exit(status)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)


def side_by_side(tasks: deque[Task], workers: int) -> Iterator[tuple[Task, int, Path]]:
    """Runs so many tasks at a time; tells of each how its process ended, and where it wrote. More may be added."""
    running: dict[int, tuple[Task, int]] = {}
    free = list(range(workers))
    try:
        while tasks or running:
            while tasks and free:
                task, slot = tasks.popleft(), free.pop()
                running[fork(task.run, slot)] = task, slot
            process, status = os.wait()
            end(process)  # and whatever it has started
            task, slot = running.pop(process)
            free.append(slot)
            yield task, status, folder_of(slot)
    finally:
        for process in running:
            end(process)


def end(process: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


def folder_of(slot: int) -> Path:
    return KEPT / f"slot-{slot}"


# ---- what is asked of whom -------------------------------------------------------------------------------------------


def walk(folders: tuple[str, ...], workers: int) -> list[Test]:
    """The tests in these folders, each with what it runs; those that have not said so yet are run for that."""
    missing = [test_file for test_file in test_files(folders) if not is_kept(test_file)]
    tasks = deque(Task(name, partial(record, name)) for name in missing)
    for number, (task, status, folder) in enumerate(side_by_side(tasks, workers), 1):
        if status not in (0, 1 << 8):  # of which some may be red
            sys.exit(f"{task.name} cannot be run ({status}):\n{(folder / 'output').read_text()}")
        say(f"[{number}/{len(missing)}] which lines are run by {task.name}")
    green, red = known_tests(folders)
    for name in red:
        say(f"red without a mistake, so it is not asked: {name}")
    return green


def try_all(mutants: list[Mutant], passed: set[str], workers: int) -> Iterator[Result]:
    """Puts each to trial: first before the quick tests, unless they have `passed` those; then before the stories."""
    left, tried = mutants, set[str]()
    for folders in (QUICK, STORIES):
        asked = [mutant for mutant in left if folders is STORIES or mutant.luck(0) not in passed]
        if not asked:
            continue
        witnesses = Witnesses(walk(folders, workers))
        gc.freeze()  # what is here already is nothing to look through in each trial
        tasks = deque[Task]()
        for mutant in asked:
            if found := witnesses.find(mutant):
                tried.add(mutant.luck(0))
                tasks.append(Task(mutant.path, partial(put_to_trial, mutant, order(found)), mutant))
            elif folders is QUICK:
                yield Result(mutant, PASSED)
        for task, status, folder in side_by_side(tasks, workers):
            assert task.mutant
            result = verdict_of(task.mutant, status, folder)
            if result.is_noticed:
                left = [mutant for mutant in left if mutant != task.mutant]
                yield result
            elif folders is QUICK:
                yield Result(task.mutant, PASSED)
    for mutant in left:
        yield Result(mutant, SURVIVED if mutant.luck(0) in tried | passed else UNTESTED)


def verdict_of(mutant: Mutant, status: int, folder: Path) -> Result:
    """What a trial has come to, by how its process ended. Raises RuntimeError where that is nothing of the tests'."""
    verdict = folder / "verdict"
    witness = verdict.read_text() if verdict.exists() else ""
    if os.WIFSIGNALED(status):
        return Result(mutant, TIMED_OUT, f"signal {os.WTERMSIG(status)}")
    code = os.waitstatus_to_exitcode(status)
    if code in (1, 2) and witness:
        return Result(mutant, KILLED, witness)
    if code:
        raise RuntimeError(f"The tests cannot be run ({code}):\n{mutant.diff()}\n{(folder / 'output').read_text()}")
    return Result(mutant, SURVIVED)


# ---- what is remembered ----------------------------------------------------------------------------------------------


@cache
def digest_of_tests() -> str:
    """Of everything that could have noticed."""
    found = sorted(str(path.relative_to(ROOT)) for name in QUICK + STORIES for path in (ROOT / name).rglob("*.py"))
    return hashlib.sha256("".join(map(digest, found)).encode()).hexdigest()


def remembered() -> dict[str, tuple[str, str]]:
    """Of earlier runs: of each mistake, by its luck, what became of it, and who noticed. Only what still holds."""
    known: dict[str, tuple[str, str]] = {}
    for line in RESULTS.read_text().splitlines() if RESULTS.exists() else []:
        one = json.loads(line)
        is_as_it_was = one["code"] == digest(one["path"]) if (ROOT / one["path"]).exists() else False
        is_known_forever = one["outcome"] in (KILLED, TIMED_OUT)
        if is_as_it_was and (is_known_forever or one["tests"] == digest_of_tests()):
            known[one["mutant"]] = one["outcome"], one["witness"]
        else:
            known.pop(one["mutant"], None)
    return known


def remember(result: Result) -> None:
    mutant = result.mutant
    one = {
        "mutant": mutant.luck(0),
        "path": mutant.path,
        "code": digest(mutant.path),
        "tests": digest_of_tests(),
        "outcome": result.outcome,
        "witness": result.witness,
        "change": mutant.diff(),
    }
    with RESULTS.open("a") as file:
        file.write(json.dumps(one, ensure_ascii=False) + "\n")


# ---- what is said ----------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)


def tables(results: list[Result], harmless: set[str]) -> str:
    """How many were noticed and how many were not, by kind of mistake and by file."""
    lines = []
    for head, name in (("mistake", lambda one: one.change.operator), ("file", lambda one: one.path)):
        counted: dict[str, Counter[str]] = {}
        for result in results:
            column = HARMLESS if result.mutant.luck(0) in harmless and not result.is_noticed else result.outcome
            counted.setdefault(name(result.mutant), Counter())[column] += 1
        lines += ["", f"{head:56}" + "".join(f"{column:>11}" for column in COLUMNS)]
        for key, counts in sorted(counted.items()):
            lines.append(f"{key:56}" + "".join(f"{counts[column] or '':>11}" for column in COLUMNS))
    return "\n".join(lines)


def entry(mutant: Mutant) -> str:
    """How harmless.toml would name it."""
    said = {"file": mutant.path, "function": mutant.change.function, "before": mutant.before, "after": mutant.after}
    lines = ["[[harmless]]", *(f"{name} = {quoted(value)}" for name, value in said.items()), 'why = ""', ""]
    return "\n".join(lines)


def quoted(text: str) -> str:
    return f"'''\n{text}'''" if "\n" in text or "'" in text else f"'{text}'"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--number", type=int, default=300)
    options.add_argument("--only", default="", help="a part of the path of the files in which mistakes are made")
    options.add_argument("--workers", type=int, default=2)
    asked = options.parse_args()

    sys.dont_write_bytecode, sys.pycache_prefix = False, str(KEPT / "compiled")  # tests, once for all trials
    for module in HEAVY:
        importlib.import_module(module)
    mutants = draw(asked.number, asked.seed, asked.only)
    judged = judgements()
    harmless = {mutant.luck(0) for mutant in mutants if any(one.is_of(mutant) for one in judged)}
    KEPT.mkdir(exist_ok=True)
    known = remembered()
    passed = {luck for luck, (outcome, _) in known.items() if outcome == PASSED}
    results = [Result(one, *known[one.luck(0)]) for one in mutants if one.luck(0) in known.keys() - passed]
    todo = [one for one in mutants if one.luck(0) not in harmless | (known.keys() - passed)]
    say(f"{len(mutants)} of {len(every_mutant())} mistakes; {len(results)} are known, {len(todo)} are to be tried.")

    for result in try_all(todo, passed, asked.workers):
        remember(result)
        if result.outcome != PASSED:
            results.append(result)
        where = f"{result.mutant.path}:{result.mutant.line}"
        say(f"[{len(results)}/{len(mutants)}] {result.outcome:9} {result.mutant.change.operator:24} {where}")

    report(mutants, results, harmless)


def report(mutants: list[Mutant], results: list[Result], harmless: set[str]) -> None:
    """Says what was found. Ends with 1 where too little was noticed."""
    unseen = [one.mutant for one in results if not one.is_noticed and one.mutant.luck(0) not in harmless]
    say(tables(results, harmless))
    say("\nNobody noticed:\n" if unseen else "\nNothing went unnoticed.")
    for mutant in sorted(unseen, key=lambda one: (one.path, one.line)):
        say(f"{mutant.diff()}\n")
    SURVIVORS.write_text("\n".join(map(entry, unseen)))
    noticed = sum(1 for one in results if one.is_noticed)
    share = noticed / (noticed + len(unseen)) if results else 1
    matter = f"{noticed} of the {noticed + len(unseen)} that matter were noticed: {share:.1%}"
    say(f"{matter}. {len(harmless)} were judged harmless.")
    if share < BAR:
        sys.exit(
            f"Too few: {BAR:.0%} is the bar. In {SURVIVORS.relative_to(ROOT)} they stand as harmless.toml names them."
        )


if __name__ == "__main__":
    main()
