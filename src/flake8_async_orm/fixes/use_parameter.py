"""`use_parameter`: work with what a function is given instead of what it finds around it.

Sites: the call of a method of the thing found; the function.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.names import reads
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def use_parameter(tree: Tree, request: FixRequest) -> Draft | None:
    """`lambda s: session.add(x)` becomes `lambda s: s.add(x)`."""
    call, function = tree.node(request.sites[0]), tree.node(request.sites[1])
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return None
    if not isinstance(function, (cst.Lambda, cst.FunctionDef)):
        return None
    parameters = [*function.params.posonly_params, *function.params.params]
    found = call.func.value
    if not parameters or not isinstance(found, (cst.Name, cst.Attribute)):
        return None
    text, name = tree.code(found), parameters[0].name.value
    places: list[cst.BaseExpression]
    if isinstance(found, cst.Name):
        places = [*reads(tree, text, function.body)]
    else:
        places = [n for n in tree.below(function.body) if isinstance(n, cst.Attribute) and tree.code(n) == text]
    if not all(_own(tree, place, function) for place in places):
        return None
    return Draft(tuple(Edit(*tree.outer(place), name) for place in places))


def _own(tree: Tree, place: cst.CSTNode, function: cst.CSTNode) -> bool:
    """Whether no other function stands between `place` and `function`: its parameters may have the name."""
    inner = next(above for above in tree.ancestors(place) if isinstance(above, (cst.Lambda, cst.FunctionDef)))
    return inner is function
