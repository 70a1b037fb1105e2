"""`add_loader_option`: load a relationship with the statement that loads its owner.

Sites: the statement, as the whole chain that begins with `select(...)`, or a call of `session.get` or of a repository.
Words: for a repository, ahead of all, the parameter that takes options, with `=` behind it; the path from the statement's entity to the relationship, each step as `dotted.Model.attribute`; or, for a column of
the entity itself, the name of the loader function and one such step.
"""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from flake8_async_orm.edits import Edit, Safety
from flake8_async_orm.fixes.awaits import PRIMARIES
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.imports import Spelling, spelling
from flake8_async_orm.fixes.layout import appended
from flake8_async_orm.fixes.models import spelled
from flake8_async_orm.fixes.tree import Tree, last_name, links
from flake8_async_orm.rule import FixRequest

STRATEGY = "selectinload"
#: strategies that load what they are given; a step below one of them may be added to it
_LOADING = frozenset({STRATEGY, "joinedload", "subqueryload", "immediateload", "contains_eager"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: the relationship `attribute` of `model` (dotted); both are written as `text` in the file."""

    model: str
    attribute: str
    text: str


@dataclass(frozen=True, slots=True)
class Option:
    """An option that is already there, compared with the path.

    `matched`: how many steps of the path it begins with; `last`: the call that is the last of them; `whole`: nothing
    else follows in it; `conflict`: it has another strategy for a step, which SQLAlchemy refuses.
    """

    expression: cst.BaseExpression
    matched: int = 0
    last: cst.Call | None = None
    whole: bool = False
    conflict: bool = False


def add_loader_option(tree: Tree, request: FixRequest) -> Draft | None:
    """`select(User)` becomes `select(User).options(selectinload(User.posts))`; an option that is there is extended."""
    node = tree.node(request.sites[0])
    if not isinstance(node, PRIMARIES):
        return None
    strategy, words, parameter = STRATEGY, request.words, ""
    if words[0].endswith("="):
        parameter, words = words[0], words[1:]
    if "." not in words[0]:
        strategy, words = words[0], words[1:]
    path = [word.rpartition(".") for word in words]
    named = spelled(tree, node, [model for model, _, _ in path])
    if named is None:
        return None
    steps = [
        Step(model, attribute, f"{text}.{attribute}")
        for (model, _, attribute), text in zip(path, named.texts, strict=True)
    ]
    function = spelling(tree, "sqlalchemy.orm", strategy, node)
    if function is None:
        return None
    calls = links(node)
    if parameter:
        return _in_call(tree, node, parameter, steps, function, named.edits, "safe") if isinstance(node, cst.Call) else None
    if calls and last_name(calls[0].func) in ("get", "get_one"):
        # a row that the session holds already pays no heed to it
        return _in_call(tree, calls[0], "options=", steps, function, named.edits, "unsafe")
    options = next((call for call in calls if last_name(call.func) == "options"), None)
    if options is None:
        edits = _chained(tree, node, f".options({_written(steps, function.text)})")
        return Draft((*function.edits, *named.edits, *edits), "safe")
    found = [_option(argument.value, steps) for argument in options.args if argument.star == ""]
    if any(option.conflict or option.matched == len(steps) for option in found):
        return None
    best = max(found, key=lambda option: (option.matched, option.whole), default=None)
    added, uses_function = _added(tree, options, best, steps, function.text)
    return Draft((*(function.edits if uses_function else ()), *named.edits, *added), "safe")


def _added(
    tree: Tree, options: cst.Call, best: Option | None, steps: list[Step], function: str
) -> tuple[tuple[Edit, ...], bool]:
    """Edits that bring the path into a call of `options`; and whether they write `function`."""
    if best is not None and best.last is not None:
        tail = "".join(f".{STRATEGY}({step.text})" for step in steps[best.matched :])
        if best.whole:
            return _chained(tree, best.expression, tail), False
        # something else follows the common steps: they are repeated, with the same strategies
        begin = tree.span(best.expression).start
        return _argument(tree, options, tree.text[begin : tree.span(best.last).end] + tail), False
    return _argument(tree, options, _written(steps, function)), True


def _written(steps: list[Step], function: str) -> str:
    first, *rest = steps
    return f"{function}({first.text})" + "".join(f".{STRATEGY}({step.text})" for step in rest)


def _option(expression: cst.BaseExpression, steps: list[Step]) -> Option:
    """Compare one argument of `options` with the path."""
    calls = links(expression)[::-1]
    if calls and last_name(calls[0].func) == "Load":
        calls = calls[1:]
    matched = 0
    for call, step in zip(calls, steps, strict=False):
        if not call.args or not _is_step(call.args[0].value, step):
            break
        if last_name(call.func) not in _LOADING or any(argument.keyword is None for argument in call.args[1:]):
            return Option(expression, conflict=True)
        matched += 1
    return Option(expression, matched, calls[matched - 1] if matched else None, matched == len(calls))


def _is_step(node: cst.CSTNode, step: Step) -> bool:
    """Whether `node` is `Model.attribute` (or `Model.attribute.and_(...)`, `.of_type(...)`) of the step."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        node = node.func.value
    if not isinstance(node, cst.Attribute) or node.attr.value != step.attribute:
        return False
    return last_name(node.value) in (step.model.rpartition(".")[2], step.text.split(".")[-2])


def _chained(tree: Tree, node: cst.CSTNode, call: str) -> tuple[Edit, ...]:
    """`call` put behind a chain, on a line of its own where the chain's last call has one."""
    end = tree.span(node).end
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        dot = tree.text.rfind(".", 0, tree.span(node.func.attr).start)
        line = tree.line_start(dot)
        if tree.begins_line(dot) and not tree.text[:line].rstrip("\r\n").endswith("\\"):
            rest = tree.text[end : tree.line_end(end)].strip()
            place = tree.line_end(end) if rest.startswith("#") else end
            return (inserted(place, tree.newline(line) + tree.margin(dot) + call),)
    return (inserted(end, call),)


def _argument(tree: Tree, call: cst.Call, text: str) -> tuple[Edit, ...]:
    """`text` as the last positional argument of `call`."""
    if not call.args:
        return (inserted(tree.span(call).end - 1, text),)
    last = call.args[-1]
    start, end = tree.outer(last.value)
    return appended(tree, start - len(last.star), end, isinstance(last.comma, cst.Comma), text)


def _in_call(
    tree: Tree,
    call: cst.Call,
    parameter: str,
    steps: list[Step],
    function: Spelling,
    more: tuple[Edit, ...],
    safety: Safety,
) -> Draft | None:
    """An option in the list that is given for `parameter` (with `=` behind it), which may have to be begun."""
    keyword = parameter[:-1]
    given = next((argument for argument in call.args if argument.keyword and argument.keyword.value == keyword), None)
    if given is None:
        edits = _argument(tree, call, f"{parameter}[{_written(steps, function.text)}]")
        return Draft((*function.edits, *more, *edits), safety)
    listed = given.value
    if not isinstance(listed, cst.List) or not listed.elements:
        return None
    present = [_option(element.value, steps) for element in listed.elements]
    if any(option.matched or option.conflict for option in present):
        return None
    last = listed.elements[-1]
    start, end = tree.outer(last.value)
    edits = appended(tree, start, end, isinstance(last.comma, cst.Comma), _written(steps, function.text))
    return Draft((*function.edits, *more, *edits), safety)
