"""DynamoDB's expressions, as far as PynamoDB writes them: conditions, keys and updates, each read once and kept.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

Item = dict[str, dict[str, Any]]
Facts = tuple[Item, dict[str, str], Item]  # the item, and what stands for #names and :values
Operand = Callable[[Facts], dict[str, Any] | None]
Condition = Callable[[Facts], bool]
Change = Callable[[Facts, Item], None]  # of an item: reads it as it was, changes the copy

TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>()+,-]|[#:]?\w+)")
COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class Invalid(Exception):
    """DynamoDB refuses such a request."""


@cache
def condition(text: str) -> Condition:
    """What this condition says of an item."""
    reader = Reader(text)
    found = reader.either()
    reader.end()
    return found


@cache
def update(text: str) -> Change:
    """What this update does to an item."""
    reader, changes = Reader(text), []
    while reader.left:
        match reader.take():
            case "SET":
                changes += reader.each(reader.assignment)
            case "REMOVE":
                changes += reader.each(reader.removal)
            case "ADD":
                changes += reader.each(reader.addition)
            case "DELETE":
                changes += reader.each(reader.subtraction)
            case other:
                raise ValueError(f"these tables do not know {other}")

    def change(facts: Facts, item: Item) -> None:
        for one in changes:
            one(facts, item)

    return change


class Reader:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self.left = TOKEN.findall(text)[::-1]
        if "".join(self.left[::-1]) != "".join(text.split()):
            raise ValueError(f"these tables cannot read {text}")

    def take(self, *wanted: str) -> str:
        token = self.left.pop()
        if wanted and token not in wanted:
            raise ValueError(f"there is {token}, where there should be {wanted}")
        return token

    def comes(self, token: str) -> bool:
        """Whether that is next; then it is taken."""
        if not self.left or self.left[-1] != token:
            return False
        self.left.pop()
        return True

    def end(self) -> None:
        if self.left:
            raise ValueError(f"nobody has read {self.left}")

    def each(self, read: Callable[[], Any]) -> list[Any]:
        found = [read()]
        while self.comes(","):
            found.append(read())
        return found

    # ---- conditions ------------------------------------------------------------------------------------------------

    def either(self) -> Condition:
        sides = [self.both()]
        while self.comes("OR"):
            sides.append(self.both())
        return sides[0] if len(sides) == 1 else lambda facts: any(side(facts) for side in sides)

    def both(self) -> Condition:
        sides = [self.one()]
        while self.comes("AND"):
            sides.append(self.one())
        return sides[0] if len(sides) == 1 else lambda facts: all(side(facts) for side in sides)

    def one(self) -> Condition:
        if self.comes("NOT"):
            denied = self.one()
            return lambda facts: not denied(facts)
        if self.comes("("):
            inner = self.either()
            self.take(")")
            return inner
        if self.left[-1] in FUNCTIONS:
            made = FUNCTIONS[self.take()]
            self.take("(")
            operands = self.each(self.operand)
            self.take(")")
            return lambda facts: made(*(operand(facts) for operand in operands))
        return self.comparison()

    def comparison(self) -> Condition:
        left = self.operand()
        if self.comes("BETWEEN"):
            low = self.operand()
            self.take("AND")
            high = self.operand()
            return lambda facts: compare(">=", left(facts), low(facts)) and compare("<=", left(facts), high(facts))
        if self.comes("IN"):
            self.take("(")
            ones = self.each(self.operand)
            self.take(")")
            return lambda facts: any(compare("=", left(facts), one(facts)) for one in ones)
        sign, right = self.take("=", "<>", *COMPARISONS), self.operand()
        return lambda facts: compare(sign, left(facts), right(facts))

    # ---- what is compared, and assigned ----------------------------------------------------------------------------

    def operand(self) -> Operand:
        token = self.take()
        if token.startswith(":"):
            return lambda facts: facts[2][token]
        if token == "if_not_exists":
            self.take("(")
            path = self.operand()
            self.take(",")
            other = self.operand()
            self.take(")")
            return lambda facts: path(facts) or other(facts)
        if token == "size":
            self.take("(")
            measured = self.operand()
            self.take(")")
            return lambda facts: size(measured(facts))
        name = self.named(token)
        return lambda facts: facts[0].get(name(facts))

    @staticmethod
    def named(token: str) -> Callable[[Facts], str]:
        return (lambda facts: facts[1][token]) if token.startswith("#") else lambda _: token

    def assignment(self) -> Change:
        name = self.named(self.take())
        self.take("=")
        value = self.operand()
        if self.comes("+"):
            left, right = value, self.operand()

            def value(facts: Facts) -> dict[str, Any]:
                return add(left(facts), right(facts))

        def assign(facts: Facts, item: Item) -> None:
            said = value(facts)
            if said is None:
                raise Invalid("The provided expression refers to an attribute that does not exist in the item")
            item[name(facts)] = said

        return assign

    def addition(self) -> Change:
        name, value = self.named(self.take()), self.operand()

        def increase(facts: Facts, item: Item) -> None:
            more = value(facts) or {}
            there = facts[0].get(name(facts), {"SS": []} if "SS" in more else {"N": "0"})
            item[name(facts)] = unite(there, more) if "SS" in more else add(there, more)

        return increase

    def subtraction(self) -> Change:
        name, value = self.named(self.take()), self.operand()

        def decrease(facts: Facts, item: Item) -> None:
            there, less = facts[0].get(name(facts)), value(facts)
            if there is None:
                return
            if "SS" not in there or "SS" not in (less or {}):
                raise Invalid("An operand in the update expression has an incorrect data type")
            left = [one for one in there["SS"] if one not in less["SS"]]
            if left:
                item[name(facts)] = {"SS": left}
            else:
                del item[name(facts)]

        return decrease

    def removal(self) -> Change:
        name = self.named(self.take())
        return lambda facts, item: item.pop(name(facts), None) and None


def plain(value: dict[str, Any]) -> Any:
    ((kind, said),) = value.items()
    if kind == "SS":
        return frozenset(said)
    return Decimal(said) if kind == "N" else said


def compare(sign: str, left: dict[str, Any] | None, right: dict[str, Any] | None) -> bool:
    """What is absent, or of another type, differs from everything, and is neither less nor more."""
    alike = left is not None and right is not None and left.keys() == right.keys()
    if sign in ("=", "<>"):
        return (alike and plain(left) == plain(right)) == (sign == "=")
    return alike and COMPARISONS[sign](plain(left), plain(right))


def size(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """How much is in it; of what is absent nothing can be said."""
    return None if value is None else {"N": str(len(next(iter(value.values()))))}


def add(left: dict[str, Any] | None, right: dict[str, Any] | None) -> dict[str, Any]:
    if left is None or right is None or "N" not in left or "N" not in right:
        raise Invalid("The provided expression refers to an attribute that does not exist in the item")
    return {"N": f"{(plain(left) + plain(right)).normalize():f}"}


def unite(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    if "SS" not in left:
        raise Invalid("An operand in the update expression has an incorrect data type")
    return {"SS": sorted({*left["SS"], *right["SS"]})}


FUNCTIONS: dict[str, Callable[..., bool]] = {
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "begins_with": lambda value, start: "S" in (value or {}) and plain(value).startswith(plain(start)),
    "contains": lambda value, part: "S" in (value or {}) and plain(part) in plain(value),
}
