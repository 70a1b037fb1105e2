"""Which names a file binds, and which are free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from flake8_async_orm.fixes.tree import Tree


def free_name(tree: Tree, node: cst.CSTNode, candidates: Iterable[str]) -> str | None:
    """The first of `candidates` that the function around `node` does not mention."""
    function = tree.function(node)
    if function is None:
        return None
    taken = {name.value for name in tree.below(function) if isinstance(name, cst.Name)}
    return next((name for name in candidates if name not in taken), None)


def bindings(tree: Tree, name: str, within: cst.CSTNode | None = None) -> Iterator[cst.CSTNode]:
    """Every node in `within` (or the file) that binds `name`: parameters, targets, definitions, imports."""
    nodes = tree.source.nodes if within is None else tree.below(within)
    for node in nodes:
        if isinstance(node, cst.ImportAlias):
            if bound_by(node) == name:
                yield node
        elif isinstance(node, cst.Name) and node.value == name and _is_target(tree, node):
            yield node


def reads(tree: Tree, name: str, within: cst.CSTNode) -> Iterator[cst.Name]:
    """Every place in `within` where `name` stands for its value: no attribute, keyword or binding of that name."""
    for node in tree.below(within):
        if not isinstance(node, cst.Name) or node.value != name or _is_target(tree, node):
            continue
        match tree.parent(node):
            case cst.Attribute(attr=attribute) if attribute is node:
                continue
            case cst.Arg(keyword=keyword) if keyword is node:
                continue
            case cst.ImportAlias() | cst.Global() | cst.Nonlocal():
                continue
        yield node


def matters_at(tree: Tree, binding: cst.CSTNode, at: cst.CSTNode) -> bool:
    """Whether what `binding` binds can be seen at `at`: it is the module's, or that of a scope around `at`."""
    scope = _scope(tree, binding)
    return scope is None or any(above is scope for above in tree.ancestors(at))


def _scope(tree: Tree, binding: cst.CSTNode) -> cst.CSTNode | None:
    """The function, lambda or class whose name a binding makes; None for the module's own."""
    child = binding
    for above in tree.ancestors(binding):
        match above:
            case cst.Global():
                return None
            case cst.FunctionDef() | cst.Lambda() if child is above.body or child is above.params:
                return above
            case cst.ClassDef() if child is above.body:
                return above
        child = above
    return None


def bound_by(alias: cst.ImportAlias) -> str:
    """The name that an imported name binds: `b` of `import a as b`, `a` of `import a.c`."""
    if alias.evaluated_alias is not None:
        return alias.evaluated_alias
    return alias.evaluated_name.partition(".")[0]


def _is_target(tree: Tree, node: cst.Name) -> bool:
    child: cst.CSTNode = node
    for above in tree.ancestors(node):
        match above:
            case cst.Param() | cst.FunctionDef() | cst.ClassDef() | cst.TypeAlias():
                return above.name is child
            case cst.AssignTarget() | cst.AnnAssign() | cst.AugAssign() | cst.NamedExpr() | cst.For() | cst.CompFor():
                return above.target is child
            case cst.AsName():
                # an import's alias is found as the import
                return not isinstance(tree.parent(above), cst.ImportAlias)
            case cst.MatchAs() | cst.MatchStar() | cst.NameItem():
                return True
            case cst.Del():
                return above.target is child
            case cst.Element() | cst.Tuple() | cst.List() | cst.StarredElement():
                child = above
            case _:
                return False
    return False
