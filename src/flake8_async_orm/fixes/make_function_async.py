"""`make_function_async`: await an expression in a plain function, which becomes `async`, and so do its callers in the file.

Sites and words: those of `insert_await`.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.awaits import put_await
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.insert_await import awaited
from flake8_async_orm.fixes.names import bindings, reads
from flake8_async_orm.fixes.tree import Tree, last_name
from flake8_async_orm.rule import FixRequest

#: bases that define no method of their own that a class would override
_EMPTY_BASES = frozenset({"object", "Generic", "ABC", "Protocol"})
#: what a function returns that is awaited or driven as it is
_DRIVEN = ("Awaitable", "Coroutine", "Future", "Task", "Generator", "Iterator", "Iterable")


def make_function_async(tree: Tree, request: FixRequest) -> Draft | None:
    """`def save(s): s.commit()` becomes `async def save(s): await s.commit()`, and `save(s)` becomes `await save(s)`.

    Refused where somebody needs the plain function: it is named without being called, called where nothing can be
    awaited, decorated, a generator, a test, or a method that may override or is called on what may be anything.
    """
    made = tree.node(request.sites[0])
    first = tree.function(made)
    if first is None or first.asynchronous is not None:
        return None
    changed: list[cst.FunctionDef] = [first]
    calls: list[cst.Call] = []
    for function in changed:
        found = _calls(tree, function) if _can_change(tree, function) else None
        if found is None:
            return None
        for call in found:
            around = tree.function(call)
            if around is None:
                return None
            if isinstance(tree.parent(call), cst.Await):
                # what it returns was the coroutine
                if function is not first or not isinstance(tree.parent(made), cst.Return):
                    return None
                continue
            calls.append(call)
            if around.asynchronous is None and not any(around is one for one in changed):
                changed.append(around)
    draft = awaited(tree, request, changed)
    if draft is None or not all(tree.can_await(call, changed) for call in calls):
        return None
    edits: list[Edit] = [inserted(tree.span(function).start, "async ") for function in changed]
    for call in calls:
        edits += put_await(tree, call)
    edits += draft.edits
    if len({(edit.start, edit.end) for edit in edits}) < len(edits):
        return None
    return Draft(tuple(edits), "unsafe")


def _can_change(tree: Tree, function: cst.FunctionDef) -> bool:
    """Whether nothing that can be seen at the function itself needs it to be a plain one."""
    name = function.name.value
    if function.decorators or name.startswith("test") or (name.startswith("__") and name.endswith("__")):
        return False
    if function.returns is not None and any(word in tree.code(function.returns.annotation) for word in _DRIVEN):
        return False
    if not tree.text.startswith("def", tree.span(function).start):
        return False
    yields = (node for node in tree.below(function) if isinstance(node, cst.Yield))
    return all(tree.function(node) is not function for node in yields)


def _calls(tree: Tree, function: cst.FunctionDef) -> list[cst.Call] | None:
    """Every call of `function` in the file. None: not everything that names it is a call of it."""
    name = function.name.value
    owner = _owner(tree, function)
    used: list[cst.BaseExpression]
    if owner is None:
        if len(list(bindings(tree, name))) != 1:
            return None
        used = [*reads(tree, name, tree.source.module)]
    else:
        if not _is_its_own(tree, owner, name):
            return None
        read = [node for node in tree.source.nodes if isinstance(node, cst.Attribute) and node.attr.value == name]
        if not all(_is_own(tree, node, owner) for node in read):
            return None
        used = [*read]
    found: list[cst.Call] = []
    for node in used:
        above = tree.parent(node)
        if not isinstance(above, cst.Call) or above.func is not node:
            return None
        found.append(above)
    return found


def _owner(tree: Tree, function: cst.FunctionDef) -> cst.ClassDef | None:
    """The class whose method `function` is."""
    for above in tree.ancestors(function):
        if isinstance(above, cst.ClassDef):
            return above
        if isinstance(above, cst.FunctionDef):
            return None
    return None


def _is_its_own(tree: Tree, owner: cst.ClassDef, name: str) -> bool:
    """Whether the method is the class' alone: no base can have it, and no other class of the file has one so called."""
    classes = {node.name.value for node in tree.source.nodes if isinstance(node, cst.ClassDef)}
    for base in owner.bases:
        value = base.value.value if isinstance(base.value, cst.Subscript) else base.value
        if base.keyword is None and last_name(value) not in _EMPTY_BASES:
            return False
    if owner.name.value in {
        last_name(base.value) for node in tree.source.nodes if isinstance(node, cst.ClassDef) for base in node.bases
    }:
        return False
    return name not in classes and len(list(bindings(tree, name, owner))) == 1


def _is_own(tree: Tree, node: cst.Attribute, owner: cst.ClassDef) -> bool:
    """Whether `node` is `self.name` in a method of the class, or `Class(...).name` with that made anywhere."""
    if _makes(node.value, owner):
        return True
    if not isinstance(node.value, cst.Name):
        return False
    nearest = tree.function(node)
    if nearest is not None and _holds_one(tree, node.value.value, nearest, owner):
        return True
    function = tree.function(node)
    while function is not None and tree.function(function) is not None:
        function = tree.function(function)
    if function is None or function.decorators or _owner(tree, function) is not owner:
        return False
    given = [*function.params.posonly_params, *function.params.params]
    return bool(given) and node.value.value == given[0].name.value


def _makes(node: cst.CSTNode | None, owner: cst.ClassDef) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == owner.name.value


def _holds_one(tree: Tree, name: str, function: cst.FunctionDef, owner: cst.ClassDef) -> bool:
    """Whether a name of `function` is only bound to a new instance of the class."""
    bound = list(bindings(tree, name, function))
    if len(bound) != 1:
        return False
    target = tree.parent(bound[0])
    statement = tree.parent(target) if target is not None else None
    return isinstance(statement, cst.Assign) and len(statement.targets) == 1 and _makes(statement.value, owner)
