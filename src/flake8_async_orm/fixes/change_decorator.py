"""`change_decorator`: write another name for a decorator. Sites: the function. Words: the decorator's last name, the module and the new name."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.imports import spelling
from flake8_async_orm.fixes.tree import Tree, last_name
from flake8_async_orm.rule import FixRequest


def change_decorator(tree: Tree, request: FixRequest) -> Draft | None:
    """`@pytest.fixture` becomes `@pytest_asyncio.fixture`; what it is called with stays."""
    function = tree.node(request.sites[0])
    if not isinstance(function, cst.FunctionDef):
        return None
    old, module, name = request.words
    written = [one.decorator.func if isinstance(one.decorator, cst.Call) else one.decorator for one in function.decorators]
    found = [one for one in written if last_name(one) == old]
    if len(found) != 1:
        return None
    new = spelling(tree, module, name, found[0])
    return Draft((*new.edits, Edit(*tree.span(found[0]), new.text)), "unsafe") if new is not None else None
