"""The mistakes that `make mutants` makes: each is one, reads as itself, and is judged only as long as it is there."""

import pytest

from tests.mutation.footprints import leaving_footprints
from tests.mutation.mutants import draw, every_mutant, judgements
from tests.mutation.operators import Finder, Source
from tests.mutation.trials import enclosing_function, users

KINDS = {
    "condition removed": ("save(one, condition=is_free)", ["save(one, condition=None)"]),
    "condition halved": ("x = a & (b | c)", ["x = a", "x = (b | c)", "x = a & (b)", "x = a & (c)"]),
    "condition turned": ("x = Route.ended_at.exists()", ["x = Route.ended_at.does_not_exist()"]),
    "refusal removed": ("raise Refused(1)", ["pass"]),
    "error swallowed": ("try: a\nexcept B:\n    raise", ["try: a\nexcept B:\n    pass"]),
    "error caught too widely": ("with suppress(B): pass", ["with suppress(Exception): pass"]),
    "error not caught": ("try: a\nexcept B:\n    c", ["try: a\nexcept B:\n    raise"]),
    "limit off by one": ("x = 1 < a <= b", ["x = 1 <= a <= b", "x = 1 < a < b"]),
    "comparison turned": ("x = a is not b", ["x = a is b"]),
    "test turned": ("x = a if b else c", ["x = a if (not (b)) else c"]),
    "part of a test dropped": ("x = a and b or c", ["x = c", "x = (a and b)", "x = b or c", "x = a or c"]),
    "early end removed": (
        "def f():\n    if a:\n        return 1\n    return 2",
        ["def f():\n    if a:\n        pass\n    return 2"],
    ),
    "flag turned": ("x = get(consistent_read=True)", ["x = get(consistent_read=False)"]),
    "status or code changed": ("raise RequestRefused(a, b, 404)", ["raise RequestRefused(a, b, 405)"]),
    "number off by one": ("x = 310", ["x = 311", "x = 309"]),
    "key renamed": ('x = {"sid": a, **b}', ["x = {'sid_': a, **b}"]),
    "call removed": ("tell(a)", ["pass"]),
    "sum turned": ("x = a + b - 'c'", ["x = a - b - 'c'"]),
    "least for most": ("x = min(a, b)", ["x = max(a, b)"]),
    "one of several dropped": ("x = [a, b]", ["x = [b]", "x = [a, ]"]),
    "attribute left out": ("x = Route(a, ttl=b, mode=c)", ["x = Route(a, mode=c)", "x = Route(a, ttl=b, )"]),
}


def mistakes(text, asks=None):
    """For each operator what the text becomes."""
    source, made = Source(text), {}
    for one in Finder(source, asks or {}).found:
        data = source.data[: one.start] + one.text.encode() + source.data[one.end :]
        made.setdefault(one.operator, []).append(data.decode())
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_mistake_is_made_wherever_it_can_be(kind):
    text, after = KINDS[kind]
    assert sorted(mistakes(text)[kind]) == sorted(after)


def test_a_condition_is_known_by_its_place_where_it_has_no_name():
    text = "update_if(one, actions, is_kept)"
    assert mistakes(text, {"update_if": 2})["condition removed"] == ["update_if(one, actions, None)"]


@pytest.mark.parametrize("text", ["def f(a: X | None) -> Y | None: pass", "Step = Ring | Speak", '"""Of 3 & 4."""'])
def test_nothing_is_changed_that_is_never_run(text):
    assert mistakes(text) == {}


def test_a_number_that_a_type_holds_is_a_limit():
    assert mistakes("x: Annotated[int, Field(ge=1)]")["number off by one"] == [
        "x: Annotated[int, Field(ge=2)]",
        "x: Annotated[int, Field(ge=0)]",
    ]


def test_japanese_before_a_mistake_does_not_move_it():
    assert mistakes("x = 'もしもし' if a < b else c")["limit off by one"] == ["x = 'もしもし' if a <= b else c"]


@pytest.mark.thorough
def test_the_same_seed_draws_the_same_mistakes_and_half_of_them_are_of_the_first_kinds():
    drawn = draw(20, 7, "routes")
    assert drawn == draw(20, 7, "routes")
    assert drawn != draw(20, 8, "routes")
    assert sum(one.is_first for one in drawn) == 10


def test_a_mistake_is_in_the_file_that_it_names_and_nowhere_else():
    mutant = next(one for one in every_mutant() if one.path.endswith("routes.py") and "\n" not in one.before)
    lines = mutant.source().splitlines()
    assert lines[mutant.line - 1].strip() == mutant.after
    assert len(mutant.diff().splitlines()) == 3


def test_every_statement_of_a_function_leaves_a_footprint():
    text = "def f(a):\n    if a:\n        return 1\n    try:\n        g(a)\n    except KeyError:\n        return 2\n"
    trodden = set()
    names = {"_footprint": trodden.add, "g": {}.__getitem__}
    exec(leaving_footprints("x.py", text), names)
    assert names["f"](0) == 2
    assert trodden == {("x.py", 2), ("x.py", 4), ("x.py", 5), ("x.py", 7)}


def test_who_uses_a_constant_can_notice_that_it_is_wrong():
    path = "layers/domain/toritsugi/recordings/records.py"
    line = next(one.line for one in every_mutant() if one.path == path and one.before.startswith("CLAIMED_SECONDS"))
    functions = {enclosing_function(*place).name for place in users(path, line)}
    assert functions == {"claim_recording"}


def test_every_judgement_is_of_a_mistake_that_can_still_be_made():
    stale = [one for one in judgements() if not any(one.is_of(mutant) for mutant in every_mutant())]
    assert not stale, f"harmless.toml judges what is not there any more: {stale}"


def test_every_judgement_says_why():
    assert not [one for one in judgements() if len(one.why.split()) < 4]
