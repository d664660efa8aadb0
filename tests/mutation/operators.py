"""What may be wrong in a program: each operator makes one small mistake, as somebody in a hurry does.

Aimed at what this exchange hangs on: conditions of writes, refusals, limits, codes, and the keys of answers.
"""

import ast
import builtins
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FIRST = (
    "condition removed",
    "condition halved",
    "condition turned",
    "refusal removed",
    "error swallowed",
    "error caught too widely",
    "error not caught",
)

FLIPPED = {
    ast.Lt: ">=",
    ast.LtE: ">",
    ast.Gt: "<=",
    ast.GtE: "<",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
BESIDE = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
TURNED = {"exists": "does_not_exist", "does_not_exist": "exists"}
OPPOSITE = {"min": "max", "max": "min", "any": "all", "all": "any"}
CONDITIONS = ("condition", "filter_condition", "range_key_condition")
REFUSALS = ("RequestRefused", "not_found", "invalid", "missing")
TYPES = ("str", "int", "float", "bool", "bytes", "dict", "list", "tuple", "set")
OF_RECKONING = ("NumberParseException", "Error")  # of phonenumbers, and of csv
EVERYTHING = ("Exception", "BaseException")
LOOSE = (ast.BoolOp, ast.BinOp, ast.Compare, ast.IfExp, ast.Lambda, ast.NamedExpr, ast.UnaryOp, ast.GeneratorExp)


@dataclass(frozen=True)
class Change:
    """A mistake: what stands between two places of the source, in bytes, becomes this text."""

    operator: str
    function: str
    statement: int  # the line of the statement that has to be run for anybody to notice
    start: int
    end: int
    text: str


class Source:
    """A file as text and as a tree, and where in the one the nodes of the other are."""

    def __init__(self, text: str) -> None:
        self.data, self.tree = text.encode(), ast.parse(text)
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        return self.starts[first - 1] + node.col_offset, self.starts[last - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def text(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.data[start:end].decode()

    def is_where_it_says(self, node: ast.AST, parents: list[ast.AST]) -> bool:
        """Before Python 3.12, what is in an f-string may say that it is somewhere else."""
        if not any(isinstance(parent, ast.JoinedStr) for parent in parents):
            return True
        try:
            return ast.dump(ast.parse(self.text(node), mode="eval").body) == ast.dump(node)
        except (SyntaxError, UnicodeDecodeError):
            return False

    def operand(self, node: ast.AST) -> str:
        """The text of a node, in parentheses where it could fall apart among others."""
        return f"({self.text(node)})" if isinstance(node, LOOSE) else self.text(node)


class Finder(ast.NodeVisitor):
    """Goes through a file. `found` are the mistakes that can be made in it, in the order of the text.

    `asks` says at which place a function takes a condition that is not named.
    """

    def __init__(self, source: Source, asks: dict[str, int]) -> None:
        self.source, self.asks, self.found = source, asks, list[Change]()
        self.names: list[str] = []
        self.parents: list[ast.AST] = []
        self.statement = 0
        self.visit(source.tree)

    # ---- going through it

    def visit(self, node: ast.AST) -> None:
        before = self.statement
        if isinstance(node, ast.stmt):
            self.statement = node.lineno
        if (make := MAKERS.get(type(node))) and self.source.is_where_it_says(node, self.parents):
            make(self, node)
        is_named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if is_named:
            self.names.append(node.name)  # type: ignore[attr-defined]
        self.parents.append(node)
        for child in children(node):
            self.visit(child)
        self.parents.pop()
        if is_named:
            self.names.pop()
        self.statement = before

    def add(self, operator: str, node: ast.AST, text: str, statement: int | None = None) -> None:
        self.replace(operator, *self.source.span(node), text, statement)

    def replace(self, operator: str, start: int, end: int, text: str, statement: int | None = None) -> None:
        function = ".".join(self.names) or "(module)"
        self.found.append(Change(operator, function, statement or self.statement, start, end, text))

    def is_told_to_a_client(self) -> bool:
        """Whether this is a status or a code: part of a refusal, or of an answer."""
        return any(
            (isinstance(parent, ast.Call) and name_of(parent.func) in REFUSALS)
            or (isinstance(parent, ast.Dict) and any(is_text(key, "statusCode") for key in parent.keys))
            for parent in self.parents[-3:]
        )


def children(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node, but for its docstring and its types: nobody runs those, except for the calls in them."""
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if name in ("annotation", "returns", "type_params"):
                yield from calls_in(child)
            elif isinstance(child, ast.AST) and not is_docstring(child):
                yield child


def calls_in(type_: ast.AST | None) -> Iterator[ast.AST]:
    """What a type says by a call: `Annotated[int, Field(ge=1)]`."""
    return (node for node in ast.walk(type_ or ast.Pass()) if isinstance(node, ast.Call))


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def name_of(node: ast.AST) -> str:
    """The last part of a dotted name, or nothing."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def is_text(node: ast.AST | None, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def is_nothing(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or node.value is ...)


def is_type(node: ast.AST) -> bool:
    """Whether this is part of a type that has a name: `Maybe = Line | str | None`."""
    name = name_of(node.value if isinstance(node, ast.Subscript) else node)
    return is_nothing(node) or name in TYPES or (name[:1].isupper() and not name.isupper())


def is_of_reckoning(node: ast.AST) -> bool:
    """Whether an error, or each of several, is one that only text and numbers make."""
    if isinstance(node, ast.Tuple):
        return all(map(is_of_reckoning, node.elts))
    error = getattr(builtins, name_of(node), None)
    if name_of(node) in OF_RECKONING:
        return True
    return isinstance(error, type) and issubclass(error, ValueError | LookupError | ArithmeticError | TypeError)


# ---- conditions and refusals -----------------------------------------------------------------------------------------


def halve(finder: Finder, node: ast.BinOp) -> None:
    """Of two conditions one is forgotten, or of two sets."""
    if isinstance(node.op, ast.BitAnd | ast.BitOr) and not (is_type(node.left) or is_type(node.right)):
        for operand in (node.left, node.right):
            finder.add("condition halved", node, finder.source.operand(operand))


def uncondition(finder: Finder, node: ast.Call) -> None:
    """Something is written whatever is there."""
    named = [keyword.value for keyword in node.keywords if keyword.arg in CONDITIONS]
    place = finder.asks.get(name_of(node.func), len(node.args))
    for condition in named + node.args[place : place + 1]:
        if not is_nothing(condition):
            finder.add("condition removed", condition, "None")


def turn(finder: Finder, node: ast.Call) -> None:
    """What should be there must not be, or the other way round."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in TURNED and not node.args:
        end = finder.source.span(node.func)[1]
        name = node.func.attr
        finder.replace("condition turned", end - len(name), end, TURNED[name])


def swallow(finder: Finder, node: ast.Raise) -> None:
    finder.add("refusal removed" if node.exc else "error swallowed", node, "pass")


def mishandle(finder: Finder, node: ast.ExceptHandler) -> None:
    """Too much is caught, or nothing. Where text is read or reckoned with, there is nothing else to be caught."""
    if node.type is not None and name_of(node.type) not in EVERYTHING and not is_of_reckoning(node.type):
        finder.add("error caught too widely", node.type, "Exception")
    start, end = finder.source.span(node.body[0])[0], finder.source.span(node.body[-1])[1]
    if finder.source.data[start:end] != b"raise":
        finder.replace("error not caught", start, end, "raise", node.body[0].lineno)


def unsuppress(finder: Finder, node: ast.Call) -> None:
    if name_of(node.func) == "suppress" and node.args:
        name = finder.source.text(node.func)
        finder.add("error not caught", node, f"{name}()")
        finder.add("error caught too widely", node, f"{name}(Exception)")


# ---- everything else -------------------------------------------------------------------------------------------------


def compare(finder: Finder, node: ast.Compare) -> None:
    """A limit is off by one; what is equal is not."""
    before = node.left
    for operator, after in zip(node.ops, node.comparators, strict=True):
        start, end = finder.source.span(before)[1], finder.source.span(after)[0]
        between = finder.source.data[start:end].decode()
        sign = next(sign for sign in sorted(SIGNS, key=len, reverse=True) if sign in between)
        if beside := BESIDE.get(type(operator)):
            finder.replace("limit off by one", start, end, between.replace(sign, beside, 1))
        if len(node.ops) == 1:
            finder.replace("comparison turned", start, end, between.replace(sign, FLIPPED[type(operator)], 1))
        before = after


SIGNS = {*FLIPPED.values()}


def negate(finder: Finder, node: ast.If | ast.IfExp | ast.comprehension) -> None:
    """The other way is taken."""
    for test in node.ifs if isinstance(node, ast.comprehension) else [node.test]:
        is_turned_anyway = isinstance(test, ast.Compare) and len(test.ops) == 1
        if not is_turned_anyway and not isinstance(test, ast.UnaryOp):
            finder.add("test turned", test, f"(not ({finder.source.text(test)}))")


def affirm(finder: Finder, node: ast.UnaryOp) -> None:
    if isinstance(node.op, ast.Not):
        finder.add("test turned", node, finder.source.operand(node.operand))


def shorten(finder: Finder, node: ast.BoolOp) -> None:
    """Of several tests one is forgotten."""
    word = " and " if isinstance(node.op, ast.And) else " or "
    operands = [finder.source.operand(value) for value in node.values]
    for place in range(len(operands)):
        finder.add("part of a test dropped", node, word.join(operands[:place] + operands[place + 1 :]))


def carry_on(finder: Finder, node: ast.Return | ast.Continue | ast.Break) -> None:
    """Where one should stop, one goes on."""
    if not isinstance(finder.parents[-1], ast.FunctionDef | ast.AsyncFunctionDef):
        finder.add("early end removed", node, "pass")


def miscount(finder: Finder, node: ast.Constant) -> None:
    if isinstance(node.value, bool):
        if isinstance(finder.parents[-1], ast.keyword) and finder.parents[-1].arg == "frozen":
            return  # nobody changes what is frozen, for the types are checked
        finder.add("flag turned", node, str(not node.value))
    elif isinstance(node.value, int) and finder.is_told_to_a_client():
        finder.add("status or code changed", node, str(node.value + 1))
    elif isinstance(node.value, int | float):
        for number in (node.value + 1, node.value - 1)[: 1 if node.value == 0 else 2]:
            finder.add("number off by one", node, f"{number}")


def rename(finder: Finder, node: ast.Dict) -> None:
    """A key of an answer, or of a message, has another name."""
    for key in node.keys:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            finder.add("key renamed", key, repr(f"{key.value}_"))


def omit(finder: Finder, node: ast.Expr) -> None:
    """Something is not done. (What is only logged may be left out.)"""
    is_logged = isinstance(node.value, ast.Call) and finder.source.text(node.value).startswith("log.")
    if isinstance(node.value, ast.Call) and not is_logged:
        finder.add("call removed", node, "pass")


def subtract(finder: Finder, node: ast.BinOp) -> None:
    texts = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp)
    is_of_text = any(
        isinstance(operand, texts) or (isinstance(operand, ast.Constant) and isinstance(operand.value, str | bytes))
        for operand in (node.left, node.right)
    )
    if isinstance(node.op, ast.Add | ast.Sub) and not is_of_text:
        sign, other = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
        start, end = finder.source.span(node.left)[1], finder.source.span(node.right)[0]
        finder.replace("sum turned", start, end, finder.source.data[start:end].decode().replace(sign, other, 1))


def exchange(finder: Finder, node: ast.Call) -> None:
    if isinstance(node.func, ast.Name) and node.func.id in OPPOSITE:
        finder.add("least for most", node.func, OPPOSITE[node.func.id])


def drop(finder: Finder, node: ast.List | ast.Tuple | ast.Set) -> None:
    """One of several is forgotten: a status, an attribute that is written, a kind."""
    if len(node.elts) < 2 or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    if any(isinstance(parent, ast.Subscript) for parent in finder.parents[-1:]):
        return  # of a type
    for place, one in enumerate(node.elts):
        start, end = finder.source.span(one)
        rest = finder.source.data[end : finder.source.span(node)[1]]
        comma = past_comma(rest) if place < len(node.elts) - 1 else 0
        if comma is None:
            continue
        if isinstance(node, ast.Tuple) and len(node.elts) == 2 and place == 1:
            continue  # what remains would be no tuple, for the comma before it stays
        finder.replace("one of several dropped", start, end + comma, "")


def past_comma(rest: bytes) -> int | None:
    """How much of this text belongs to what stood before it: a comma and blanks. None where something else is first."""
    match = re.match(rb"\s*,[ \t]*", rest)
    return match.end() if match else None


def leave_blank(finder: Finder, node: ast.Call) -> None:
    """A record is made without one of its attributes."""
    if name_of(node.func)[:1].isupper():
        for keyword in node.keywords:
            if keyword.arg and not is_nothing(keyword.value):
                start, end = finder.source.span(keyword)
                rest = finder.source.data[end : finder.source.span(node)[1]]
                finder.replace("attribute left out", start, end + (past_comma(rest) or 0), "")


def every(*makers: Callable[..., None]) -> Callable[..., None]:
    def make(finder: Finder, node: ast.AST) -> None:
        for one in makers:
            one(finder, node)

    return make


MAKERS: dict[type, Callable[..., None]] = {
    ast.BinOp: every(halve, subtract),
    ast.Call: every(uncondition, turn, unsuppress, exchange, leave_blank),
    ast.Raise: swallow,
    ast.ExceptHandler: mishandle,
    ast.Compare: compare,
    ast.If: negate,
    ast.IfExp: negate,
    ast.comprehension: negate,
    ast.UnaryOp: affirm,
    ast.BoolOp: shorten,
    ast.Return: carry_on,
    ast.Continue: carry_on,
    ast.Break: carry_on,
    ast.Constant: miscount,
    ast.Dict: rename,
    ast.Expr: omit,
    ast.List: drop,
    ast.Tuple: drop,
    ast.Set: drop,
}


def places_of_conditions(trees: list[ast.Module]) -> dict[str, int]:
    """Of every function that takes a condition without a name: at which place."""
    return {
        node.name: place
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for place, argument in enumerate(node.args.args)
        if argument.annotation is not None and ast.unparse(argument.annotation).startswith("Condition")
    }
