"""`set_argument`: give an argument of a call by its keyword, in place of what is given or behind the others.

Sites: the call, or a statement in which such an argument is given. Words: the keyword; the value's text.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.layout import appended
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def set_argument(tree: Tree, request: FixRequest) -> Draft | None:
    """`async_sessionmaker(engine)` becomes `async_sessionmaker(engine, expire_on_commit=False)`."""
    if len(request.words) != 2:
        return None
    keyword, value = request.words
    call = _call(tree, tree.node(request.sites[0]), keyword)
    if call is None or any(argument.star == "**" for argument in call.args):
        return None
    given = _given(call, keyword)
    if given is not None:
        return Draft((Edit(*tree.outer(given.value), value),))
    item = f"{keyword}={value}"
    if not call.args:
        return Draft((inserted(tree.span(call).end - 1, item),))
    last = call.args[-1]
    start, end = tree.outer(last.value)
    begin = tree.span(last.keyword).start if last.keyword is not None else start - len(last.star)
    return Draft(appended(tree, begin, end, isinstance(last.comma, cst.Comma), item))


def _call(tree: Tree, node: cst.CSTNode, keyword: str) -> cst.Call | None:
    """The call itself; of a statement the first one that is given the argument."""
    if isinstance(node, cst.Call):
        return node
    calls = (below for below in tree.below(node) if isinstance(below, cst.Call))
    return next((call for call in calls if _given(call, keyword) is not None), None)


def _given(call: cst.Call, keyword: str) -> cst.Arg | None:
    return next((one for one in call.args if one.keyword is not None and one.keyword.value == keyword), None)
