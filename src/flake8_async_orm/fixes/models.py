"""How mapped classes are written where a statement stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.imports import add_name, aliases, hidden, imports_for, module_of
from flake8_async_orm.fixes.names import bindings, bound_by
from flake8_async_orm.fixes.tree import Tree, last_name, links


@dataclass(frozen=True, slots=True)
class Named:
    """What to write for each of some classes, and the imports that this needs."""

    texts: tuple[str, ...]
    edits: tuple[Edit, ...] = ()


def spelled(tree: Tree, statement: cst.CSTNode, models: Sequence[str]) -> Named | None:
    """How the dotted `models` are written in `statement`; its entity comes first. None: one has no name there."""
    root = _entity(tree, statement, models[0]) or _in_scope(tree, statement, models[0])
    if root is None:
        return None
    texts, edits = [root], []
    for model in models[1:]:
        text = root if model == models[0] else _in_scope(tree, statement, model)
        text = text or _beside(root, models[0], model)
        if text is None:
            added = _import_beside(tree, statement, root, models[0], model)
            if added is None:
                return None
            text = model.rpartition(".")[2]
            edits += [edit for edit in added if edit not in edits]
        texts.append(text)
    return Named(tuple(texts), tuple(edits))


def _entity(tree: Tree, statement: cst.CSTNode, model: str) -> str | None:
    """How the statement itself writes its entity (`select(User)`, `session.get(models.User, 1)`)."""
    calls = links(statement)
    arguments = [argument.value for argument in calls[-1].args] if calls else []
    for argument in arguments:
        if last_name(argument) == model.rpartition(".")[2]:
            return tree.code(argument)
    if len(arguments) == 1 and isinstance(arguments[0], cst.Name):
        # another name for the class: an import under an alias
        for statement_ in imports_for(tree, statement):
            for alias in aliases(statement_):
                if bound_by(alias) == arguments[0].value and alias.evaluated_name == model.rpartition(".")[2]:
                    return arguments[0].value
    return None


def _in_scope(tree: Tree, at: cst.CSTNode, model: str) -> str | None:
    """How `model` is written at `at`, by a class of the file or by an import that has run."""
    module, _, name = model.rpartition(".")
    if hidden(tree, name, at):
        return None
    for part in tree.source.module.body:
        if isinstance(part, cst.ClassDef) and part.name.value == name:
            return name
    parent, _, last = module.rpartition(".")
    for statement in imports_for(tree, at):
        for alias in aliases(statement):
            if isinstance(statement, cst.Import):
                if alias.evaluated_name == module:
                    return f"{alias.evaluated_alias or module}.{name}"
                continue
            origin = module_of(tree, statement)
            if alias.evaluated_name == name and _leads_to(origin, module):
                return bound_by(alias)
            if alias.evaluated_name == last and _leads_to(origin, parent) and not hidden(tree, bound_by(alias), at):
                return f"{bound_by(alias)}.{name}"
    return None


def _leads_to(origin: str, module: str) -> bool:
    """Whether an import from `origin` (with its dots) gives what `module` defines: it or a package above it."""
    if not origin.startswith("."):
        return module == origin or module.startswith(origin + ".")
    tail = origin.lstrip(".")
    return f".{tail}." in f".{module}." if tail else True


def _beside(root: str, root_model: str, model: str) -> str | None:
    """`models.Post` where the entity is written `models.User` and both are of one module."""
    holder = root.rpartition(".")[0]
    if not holder or model.rpartition(".")[0] != root_model.rpartition(".")[0]:
        return None
    return f"{holder}.{model.rpartition('.')[2]}"


def _import_beside(tree: Tree, at: cst.CSTNode, root: str, root_model: str, model: str) -> tuple[Edit, ...] | None:
    """Edits that add `model` to the import that gives the entity, when one module defines both."""
    module, _, name = model.rpartition(".")
    if module != root_model.rpartition(".")[0] or any(True for _ in bindings(tree, name)):
        return None
    for statement in imports_for(tree, at):
        if isinstance(statement, cst.ImportFrom) and any(bound_by(alias) == root for alias in aliases(statement)):
            return add_name(tree, statement, name)
    return None
