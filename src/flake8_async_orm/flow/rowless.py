"""Statements that change rows and give none back, and results of theirs that are asked for some.

Which forms have no rows in any version was found by running them: an ORM UPDATE or DELETE whose criteria Python cannot evaluate is given a
RETURNING by SQLAlchemy 2.0 itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import libcst as cst

from flake8_async_orm.facts import ResultUsed
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import behaviour, names
from flake8_async_orm.values import ApiObject, ContextManager, Site, Statement, Value, replace

_CHANGING = frozenset({"insert", "update", "delete"})
#: flag of a statement whose criteria may be more than Python can evaluate
_CRITERIA = "criteria"
#: methods that add criteria; what `filter_by` is given are values
_ADDING = frozenset({"where", "filter", "from_statement", "join"})
_PLAIN = (cst.Equal, cst.NotEqual, cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual)
_VALUES = (cst.Name, cst.Attribute, cst.Integer, cst.SimpleString, cst.Float)
#: members of results that need rows, or at least columns
_ASKING = behaviour.ASKING - {"freeze"} | {"scalars", "columns", "keys"}
#: what the running of a statement gives -> it has asked for rows by itself
AT_ONCE = frozenset({"scalars", "scalar", "stream-scalars", "column"})


class Given(Protocol):
    """An argument of a call."""

    @property
    def value(self) -> Value: ...
    @property
    def keyword(self) -> str | None: ...


def criteria(statement: Statement, name: str, node: cst.Call) -> Statement:
    """`statement`, whose method `name` was called by `node`, with a flag where that may add what Python cannot evaluate."""
    if name not in _ADDING or statement.kind not in _CHANGING or all(_evaluated(each.value) for each in node.args):
        return statement
    return replace(statement, flags=statement.flags | {_CRITERIA})


def _evaluated(node: cst.BaseExpression) -> bool:
    if not isinstance(node, cst.Comparison) or len(node.comparisons) != 1:
        return False
    target = node.comparisons[0]
    return (
        isinstance(node.left, cst.Attribute)
        and isinstance(target.operator, _PLAIN)
        and isinstance(target.comparator, _VALUES)
    )


def kind(receiver: ApiObject, statement: Value | None, arguments: Iterable[Given]) -> str:
    """The kind of a statement that surely gives no rows when `receiver` runs it with these arguments, or an empty string."""
    if not isinstance(statement, Statement) or statement.kind not in _CHANGING or not statement.complete:
        return ""
    if "returning" in statement.flags:
        return ""
    if statement.kind == "insert" or receiver.cls in names.CONNECTIONS:
        return statement.kind
    by_orm = any(flag.startswith("of:") for flag in statement.flags)
    alone = sum(argument.keyword != "statement" for argument in arguments) <= 1
    plain = "unsynchronized" in statement.flags or not statement.flags & {_CRITERIA, "synchronized"}
    return statement.kind if by_orm and alone and plain else ""


def marked(given: Value, changes: str) -> Value:
    """What running a statement gives, marked where there are no rows in it."""
    if isinstance(given, ContextManager):
        return replace(given, of=marked(given.of, changes)) if changes else given
    if changes and isinstance(given, ApiObject) and given.cls in names.RESULTS:
        return replace(given, flags=given.flags | {("rowless", changes)})
    return given


def asked(frame: Frame, site: Site, result: Site, cls: str, member: str, changes: str, made: Site | None) -> None:
    """The rows of a statement of the kind `changes` were asked for by `member`, or (empty) by iteration."""
    if frame.guarded_against(_CAUGHT) or _is_asked_first(frame):
        return
    fact = ResultUsed(site, cls, "rowless", member or "iteration", result, made)
    frame.state_fact(replace(fact, ended=changes))


def _is_asked_first(frame: Frame) -> bool:
    """Whether the function asks its results whether they have rows."""
    if frame.function is None:
        return False
    start, end = frame.source.span(frame.function.node)
    return "returns_rows" in frame.source.text[start:end]


_CAUGHT = frozenset({"sqlalchemy.exc.ResourceClosedError", "sqlalchemy.exc.InvalidRequestError"})


def fetched(frame: Frame, result: ApiObject, member: str, site: Site, receiver: Site) -> None:
    """Rows are taken from `result`, the expression at `receiver`: by its method `member`, or (empty) by iteration."""
    if not result.flags or "Scalar" in result.cls or result.cls not in names.RESULTS or member not in _ASKING | {""}:
        return
    changes = dict(result.flags).get("rowless")
    if isinstance(changes, str):
        made = result.place.root if result.place is not None and isinstance(result.place.root, Site) else None
        asked(frame, site, receiver, names.shown(result.cls), member, changes, made)
