"""`wrap_async_context_manager`: enter what an async generator function provides, by `contextlib.asynccontextmanager`.

Sites: the call of the provider; the `await` around it whose result the rest of the block uses, or None where the call
is already the item of an `async with`. A provider that a framework drives too gets a context-managed one beside it.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.context_provider import of_its_own
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.imports import Spelling, spelling
from flake8_async_orm.fixes.layout import reindented
from flake8_async_orm.fixes.names import reads
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def wrap_async_context_manager(tree: Tree, request: FixRequest) -> Draft | None:
    """`session = await get_session()` and what follows become the body of an `async with`."""
    call_site, await_site = (*request.sites, None)[:2]
    call = tree.node(call_site)
    if not isinstance(call, cst.Call):
        return None
    start, end = tree.outer(call.func)
    manager = of_its_own(tree, call)
    if manager is None:
        found = spelling(tree, "contextlib", "asynccontextmanager", call)
        if found is None:
            return None
        manager = Spelling(f"{found.text}({tree.text[start:end]})", found.edits)
        if await_site is None:
            wrapped = (inserted(start, f"{found.text}("), inserted(end, ")"))
            return Draft((*found.edits, *wrapped), "unsafe")
    if await_site is None:
        return Draft((*manager.edits, Edit(start, end, manager.text)), "unsafe")
    moved = entered(tree, call, tree.node(await_site), manager.text)
    return Draft((*manager.edits, moved), "unsafe") if moved is not None else None


def entered(tree: Tree, call: cst.Call, awaited: cst.CSTNode, function: str) -> Edit | None:
    """The statement that binds a name to `awaited` as an `async with` over `call`, which holds the rest of its block.

    `function` is what is written for the callee.
    """
    line = tree.line(awaited)
    if line is None or not tree.can_await(line):
        return None
    statement = line.body[0]
    target, annotation = _target(tree, statement, awaited)
    rest = tree.following(line)
    start, end = tree.span(line)
    if target is None or not rest or tree.has_comment(start, tree.outer(call.func).end):
        return None
    if _outlives(tree, target, line, rest):
        return None
    arguments = tree.text[tree.outer(call.func).end : tree.span(call).end]
    if tree.has_comment(tree.span(call).end, end):
        return None
    margin, newline = tree.margin(start), tree.newline(end)
    first, last = tree.line_start(start), tree.line_end(tree.span(rest[-1]).end)
    header = f"{margin}async with {function}{arguments} as {target}:"
    if annotation:
        header = f"{margin}{annotation}{newline}{header}"
    body = tree.next_line(end)
    remark = tree.text[end : tree.line_end(end)]
    return Edit(first, last, f"{header}{remark}{newline}{reindented(tree, body, last, tree.unit(line))}")


def _outlives(tree: Tree, name: str, line: cst.CSTNode, rest: list[cst.CSTNode]) -> bool:
    """Whether what `name` holds is needed when the rest of its block is done: read elsewhere, returned or stored."""
    function = tree.function(line)
    end = tree.span(rest[-1]).end
    for node in reads(tree, name, function) if function is not None else ():
        if tree.span(node).start >= end:
            return True
        above = tree.parent(node)
        if isinstance(above, (cst.Return, cst.Assign, cst.AnnAssign)) and above.value is node:
            return True
    return False


def _target(tree: Tree, statement: cst.BaseSmallStatement, awaited: cst.CSTNode) -> tuple[str | None, str]:
    """The plain name to which `statement` binds what was awaited, and its declaration where it has one."""
    if isinstance(statement, cst.Assign) and len(statement.targets) == 1 and statement.value is awaited:
        target: cst.CSTNode = statement.targets[0].target
        annotation = ""
    elif isinstance(statement, cst.AnnAssign) and statement.value is awaited:
        target = statement.target
        annotation = tree.text[tree.span(target).start : tree.outer(statement.annotation.annotation).end]
    else:
        return None, ""
    return (target.value if isinstance(target, cst.Name) else None), annotation
