"""`query_to_select`: what a chain on `session.query(...)` asks for, asked with `select()` and awaited.

Sites: the expression that reads `query`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.awaits import await_around, binds_tighter, drop_await
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.imports import Spelling, spelling
from flake8_async_orm.fixes.tree import Tree, last_name, parentheses
from flake8_async_orm.rule import FixRequest

#: methods that a query and a select have alike -> what the select's is called
_ALIKE = {
    "filter": "where",
    **{
        name: name
        for name in (
            "where filter_by order_by options join outerjoin limit offset group_by having distinct select_from "
            "with_for_update execution_options"
        ).split()
    },
}
#: methods of the result that the chain may end with; True: the query asks for one row
_FETCHES = {"all": False, "first": True, "one": False, "one_or_none": False}
#: names by which a variable holds a mapped class
_CLASS_NAMES = frozenset({"model", "model_class", "cls", "entity", "table", "klass", "_model"})
_JOINED = re.compile(r"\bjoinedload\b|\bcontains_eager\b")


@dataclass(frozen=True, slots=True)
class Chain:
    """`query(...)`, the calls between, and the one that runs it."""

    query: cst.Call
    between: tuple[cst.Call, ...]
    last: cst.Call

    @property
    def statement(self) -> cst.Call:
        """The part that is a statement once `query` is `select`."""
        return self.between[-1] if self.between else self.query


def query_to_select(tree: Tree, request: FixRequest) -> Draft | None:
    """`session.query(User).filter(..).all()` becomes `(await session.scalars(select(User).where(..))).all()`."""
    read = tree.node(request.sites[0])
    chain = _chain(tree, read)
    if not isinstance(read, cst.Attribute) or chain is None or not tree.can_await(chain.last):
        return None
    # parentheses that close within the chain would hold the half of what is put in
    if any(parentheses(node) for node in (read, *_inside(chain))):
        return None
    whole = await_around(tree, read)
    if whole is not None and whole.expression is not chain.last:
        return None
    made = _get(tree, read, chain) if _ends(chain) == "get" else _selected(tree, read, chain)
    if made is None:
        return None
    if whole is not None:
        made += drop_await(tree, whole)[0]
    return Draft(tuple(made), "unsafe")


def _chain(tree: Tree, read: cst.CSTNode) -> Chain | None:
    """The calls from `query(...)` to the one that runs it; None where a call between is not understood."""
    query = tree.parent(read)
    if not isinstance(query, cst.Call) or query.func is not read:
        return None
    between: list[cst.Call] = []
    here: cst.Call = query
    while True:
        attribute = tree.parent(here)
        call = tree.parent(attribute) if isinstance(attribute, cst.Attribute) and attribute.value is here else None
        if attribute is None or not isinstance(call, cst.Call) or call.func is not attribute:
            return None
        name = last_name(attribute)
        if name in _ALIKE:
            between.append(call)
            here = call
        elif name in _FETCHES or name in ("count", "scalar", "get"):
            return Chain(query, tuple(between), call)
        else:
            return None


def _inside(chain: Chain) -> list[cst.BaseExpression]:
    """The calls of the statement but the last of them, and what they call."""
    calls = (chain.query, *chain.between)
    return [*calls[:-1], *(call.func for call in calls), chain.last.func]


def _ends(chain: Chain) -> str:
    return last_name(chain.last.func) or ""


def _is_class(node: cst.CSTNode) -> bool | None:
    """Whether an argument of `query` is a mapped class rather than a column; None where its name does not tell."""
    if isinstance(node, cst.Call):
        return None if last_name(node.func) == "aliased" else False
    name = last_name(node)
    if name is None:
        return None
    if name[:1].isupper() or name in _CLASS_NAMES:
        return True
    return False if isinstance(node, cst.Attribute) and (last_name(node.value) or "")[:1].isupper() else None


def _selected(tree: Tree, read: cst.Attribute, chain: Chain) -> list[Edit] | None:
    select = _select(tree, read)
    arguments = chain.query.args
    ends = _ends(chain)
    if select is None or not arguments or any(argument.star or argument.keyword for argument in arguments):
        return None
    if ends != "all" and any(argument.star for argument in chain.last.args):
        return None
    whole = len(arguments) == 1 and _is_class(arguments[0].value)
    if whole is None:
        return None
    start, attr = tree.span(read).start, tree.span(read.attr)
    stop, end = tree.span(chain.statement).end, tree.span(chain.last).end
    edits = [*select.edits, *_renamed(tree, chain)]
    if ends == "count":
        func = spelling(tree, "sqlalchemy", "func", read)
        if func is None or tree.has_comment(stop, end):
            return None
        edits += func.edits
        opening, closing = f"scalar({select.text}({func.text}.count()).select_from({select.text}", ".subquery()))"
        return [*edits, *_awaited(tree, chain.last, start), Edit(*attr, opening), *_closed(tree, chain, stop, closing)]
    if ends == "scalar":
        if tree.has_comment(stop, end):
            return None
        return [
            *edits,
            *_awaited(tree, chain.last, start),
            Edit(*attr, f"scalar({select.text}"),
            *_closed(tree, chain, stop, ")"),
        ]
    member = "scalars" if whole else "execute"
    limited = _FETCHES[ends] and not any(last_name(call.func) == "limit" for call in chain.between)
    joined = _JOINED.search(tree.text[start:stop]) is not None
    closing = (".limit(1)" if limited and not joined else "") + "))" + (".unique()" if joined else "")
    return [*edits, inserted(start, "(await "), Edit(*attr, f"{member}({select.text}"), inserted(stop, closing)]


def _select(tree: Tree, at: cst.CSTNode) -> Spelling | None:
    found = spelling(tree, "sqlalchemy", "select", at)
    if found is not None and not found.edits:
        return found
    other = spelling(tree, "sqlmodel", "select", at)
    return other if other is not None and not other.edits else found


def _renamed(tree: Tree, chain: Chain) -> list[Edit]:
    edits: list[Edit] = []
    for call in chain.between:
        assert isinstance(call.func, cst.Attribute)
        name = call.func.attr
        if _ALIKE[name.value] != name.value:
            edits.append(Edit(*tree.span(name), _ALIKE[name.value]))
    return edits


def _awaited(tree: Tree, last: cst.Call, start: int) -> list[Edit]:
    """`await` ahead of the whole chain, in parentheses where something is read of what it gives."""
    above = tree.parent(last)
    taken = above.expression is last if isinstance(above, cst.Await) else False
    wrap = binds_tighter(tree, last) and not taken
    return [inserted(start, "(await " if wrap else "await ")]


def _closed(tree: Tree, chain: Chain, stop: int, closing: str) -> list[Edit]:
    above = tree.parent(chain.last)
    taken = above.expression is chain.last if isinstance(above, cst.Await) else False
    wrap = binds_tighter(tree, chain.last) and not taken
    return [Edit(stop, tree.span(chain.last).end, closing + (")" if wrap else ""))]


def _get(tree: Tree, read: cst.Attribute, chain: Chain) -> list[Edit] | None:
    """`session.query(User).get(pk)` becomes `await session.get(User, pk)`."""
    options = [call for call in chain.between if last_name(call.func) == "options"]
    if len(options) != len(chain.between) or len(options) > 1 or len(chain.last.args) != 1:
        return None
    given = [chain.query, *options, chain.last]
    if len(chain.query.args) != 1 or any(argument.star or argument.keyword for call in given for argument in call.args):
        return None
    start, end = tree.span(read).start, tree.span(chain.last).end
    if tree.has_comment(start, end):
        return None
    words = [tree.text[slice(*tree.outer(call.args[0].value))] for call in (chain.query, chain.last)]
    for call in options:
        loads = ", ".join(tree.text[slice(*tree.outer(argument.value))] for argument in call.args)
        words.append(f"options=[{loads}]")
    session = tree.text[start : tree.outer(read.value).end]
    text = f"await {session}.get({', '.join(words)})"
    above = tree.parent(chain.last)
    taken = above.expression is chain.last if isinstance(above, cst.Await) else False
    return [Edit(start, end, f"({text})" if binds_tighter(tree, chain.last) and not taken else text)]
