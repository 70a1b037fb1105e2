"""Finds the places where a bug can be put into correct code, one at a time, by syntax and names alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bound_names import OF_RESULTS, bound, handed
from removed_options import LOADERS
from syntax_tree import APART, File, Function, Tree, dotted, is_session, last, own_nodes, parameters

COROUTINES = frozenset("execute scalar scalars commit rollback flush refresh stream stream_scalars run_sync get merge delete".split())
_ASKING = frozenset("select get get_one".split())
PLAIN = frozenset("add add_all expunge expunge_all".split())


_KEPT = re.compile(r"(?:\w+_)?(?:session|sess|db|conn|connection|engine|transaction|trans|tx)")


@dataclass(frozen=True)
class Injection:
    """A bug: `data` is the file at `path` with it. `line` is where it is put, `text` what it changes, `also` the other files where
    it may show, `attribute` what is then not loaded."""

    kind: str
    path: Path
    name: str
    line: int
    text: str
    data: bytes
    also: tuple[Path, ...] = ()
    attribute: str = ""


Finder = Callable[[Tree, File], Iterator[Injection]]


def changed(kind: str, file: File, at: ast.expr | ast.stmt, edits: list[tuple[int, int, str]], **more: object) -> Iterator[Injection]:
    """The injection that these edits (of bytes) make, if it is still Python. What is meant to raise is left alone."""
    above = file.parents.get(at)
    while above is not None:
        if isinstance(above, ast.With | ast.AsyncWith) and any("raises" in file.source(item.context_expr) for item in above.items):
            return
        above = file.parents.get(above)
    data = file.data
    for start, end, text in sorted(edits, reverse=True):
        data = data[:start] + text.encode() + data[end:]
    try:
        ast.parse(data)
    except SyntaxError:
        return
    text = " ".join(file.source(at).split())[:100]
    yield Injection(kind, file.path, file.name, at.lineno, text, data, **more)  # type: ignore[arg-type]


def awaits_dropped(tree: Tree, file: File) -> Iterator[Injection]:
    for node in ast.walk(file.tree):
        called = node.value.func if isinstance(node, ast.Await) and isinstance(node.value, ast.Call) else None
        if not isinstance(called, ast.Attribute) or called.attr not in COROUTINES or not isinstance(node, ast.Await):
            continue
        function = file.function_of(node)
        if function is None or not is_session(file, function, called.value):
            continue
        returned = isinstance(file.parents[node], ast.Return)
        # what is bound to a name and returned later may show here, or there as well
        also = callers(tree, file, function) if returned or _returned_later(file, function, node) else ()
        if returned and not also:
            continue
        yield from changed("await dropped", file, node, [(file.start(node), file.start(node.value), "")], also=also)


def _returned_later(file: File, function: Function, node: ast.expr) -> bool:
    """Whether what `node` gives is bound to a name that the function returns."""
    above = file.parents[node]
    names = {one.id for one in above.targets if isinstance(one, ast.Name)} if isinstance(above, ast.Assign) else set()
    return any(isinstance(one, ast.Return) and isinstance(one.value, ast.Name) and one.value.id in names for one in own_nodes(function))


def awaits_added(tree: Tree, file: File) -> Iterator[Injection]:
    for node in ast.walk(file.tree):
        called = node.func if isinstance(node, ast.Call) else None
        function = file.function_of(node)
        if not isinstance(called, ast.Attribute) or not isinstance(function, ast.AsyncFunctionDef) or not isinstance(node, ast.Call):
            continue
        if isinstance(file.parents[node], ast.Await):
            continue
        of_session = called.attr in PLAIN and is_session(file, function, called.value)
        if of_session or (called.attr in OF_RESULTS and _is_result(file, function, called.value)):
            edits = [(file.start(node), file.start(node), "(await "), (file.end(node), file.end(node), ")")]
            yield from changed("await added", file, node, edits)


def _is_result(file: File, function: Function, node: ast.expr) -> bool:
    if isinstance(node, ast.Await):
        return _executes(file, function, node)
    if not isinstance(node, ast.Name):
        return False
    bound = [one for one in own_nodes(function) if isinstance(one, ast.Name) and one.id == node.id and isinstance(one.ctx, ast.Store)]
    made = [file.parents[one] for one in bound]
    return bool(made) and all(isinstance(one, ast.Assign) and _executes(file, function, one.value) for one in made)


def _executes(file: File, function: Function, node: ast.expr) -> bool:
    called = node.value.func if isinstance(node, ast.Await) and isinstance(node.value, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in ("execute", "scalars") and is_session(file, function, called.value)


def withs(tree: Tree, file: File) -> Iterator[Injection]:
    for node in ast.walk(file.tree):
        function = file.function_of(node)
        if not isinstance(node, ast.AsyncWith) or function is None:
            continue
        if any(_enters(file, function, item, node) for item in node.items):
            start = file.start(node)
            yield from changed("with for async with", file, node, [(start, file.data.index(b"with", start), "")])


def _enters(file: File, function: Function, item: ast.withitem, node: ast.AsyncWith) -> bool:
    called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
    if isinstance(item.optional_vars, ast.Name) and is_session(file, function, item.optional_vars):
        name = item.optional_vars.id
        awaited = [one.value.func for one in ast.walk(node) if isinstance(one, ast.Await) and isinstance(one.value, ast.Call)]
        return any(isinstance(one, ast.Attribute) and one.attr in COROUTINES and dotted(one.value) == name for one in awaited)
    return isinstance(called, ast.Attribute) and called.attr in ("begin", "begin_nested") and is_session(file, function, called.value)


def engines(tree: Tree, file: File) -> Iterator[Injection]:
    for node in ast.walk(file.tree):
        for item in node.items if isinstance(node, ast.AsyncWith) else ():
            called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
            if not isinstance(called, ast.Attribute) or called.attr not in ("begin", "connect") or not isinstance(item.optional_vars, ast.Name):
                continue
            engine = dotted(called.value)
            if "engine" not in engine.rpartition(".")[2].lower():
                continue
            for one in own_nodes(node):
                call = one.value if isinstance(one, ast.Await) else None
                func = call.func if isinstance(call, ast.Call) else None
                if not isinstance(func, ast.Attribute) or func.attr not in ("execute", "scalar", "scalars"):
                    continue
                if dotted(func.value) == item.optional_vars.id:
                    yield from changed("engine.execute", file, func, [(file.start(func.value), file.end(func.value), engine)])


def generators(tree: Tree, file: File) -> Iterator[Injection]:
    """A provider that is an async generator, awaited in a function that has it injected, or where it is called."""
    providers = dict(_visible(tree, file))
    if not providers:
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in providers:
            function = file.function_of(node)
            if isinstance(function, ast.AsyncFunctionDef) and not isinstance(file.parents[node], ast.Await):
                edits = [(file.start(node), file.start(node), "(await "), (file.end(node), file.end(node), ")")]
                yield from changed("generator awaited", file, node, edits)
    for function in file.functions:
        arguments = function.args
        asked = [ast.unparse(one.annotation) for one in parameters(function) if one.annotation is not None]
        asked += [ast.unparse(one) for one in (*arguments.defaults, *arguments.kw_defaults) if one is not None]
        for name in re.findall(r"Depends\((\w+)\)", " ".join(asked)):
            if name in providers and isinstance(function, ast.AsyncFunctionDef) and function.body[0].lineno > function.lineno:
                first = function.body[0]
                wanted = ", ".join(["None"] * providers[name])
                edits = [(file.start(first), file.start(first), f"given = await {name}({wanted})\n{' ' * first.col_offset}")]
                is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
                if not is_text:
                    yield from changed("generator awaited", file, first, edits)


def _visible(tree: Tree, file: File) -> Iterator[tuple[str, int]]:
    """The names by which a file calls async generator functions of the tree that give sessions, its own or imported ones, and how many
    arguments they need."""
    here = {node.name for node in file.tree.body if isinstance(node, Function)}
    imported = {
        alias.asname or alias.name
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname in (None, alias.name)
    }
    for name in here | imported:
        made = [(where, one) for where, one in tree.functions.get(name, ()) if where is file or name not in here]
        if made and all(_gives_session(where, one) for where, one in made):
            arguments = made[0][1].args
            yield name, len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)


def _gives_session(file: File, function: Function) -> bool:
    if not isinstance(function, ast.AsyncFunctionDef) or function.decorator_list or file.parents[function] is not file.tree:
        return False
    yields = any(isinstance(node, ast.Yield) for node in own_nodes(function))
    said = ast.unparse(function.returns) if function.returns is not None else ""
    return yields and re.search(r"session|conn|\bdb\b", f"{function.name.replace('_', ' ')} {said}", re.IGNORECASE) is not None


def options(tree: Tree, file: File) -> Iterator[Injection]:
    """An option whose attribute is read by name in the function, in a function that it hands the instance to, or in its caller."""
    for node in ast.walk(file.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "options":
            continue
        function = file.function_of(node)
        if function is None:
            continue
        for argument in node.args:
            model, attribute = _loaded(argument)
            others = [_loaded(one) for one in node.args if one is not argument]
            if not model or (model, attribute) in others or not _lazy(tree, model, attribute):
                continue
            where = _readers(tree, file, function, attribute)
            if where is None or _may_be_answered(tree, file, function, model, attribute):
                continue
            if len(node.args) == 1:
                edits = [(file.end(node.func.value), file.end(node), "")]
            else:
                index = node.args.index(argument)
                following = node.args[index + 1] if index + 1 < len(node.args) else None
                start = file.start(argument) if following is not None else file.end(node.args[index - 1])
                edits = [(start, file.start(following) if following is not None else file.end(argument), "")]
            yield from changed("option dropped", file, argument, edits, also=where, attribute=attribute)


def _loaded(argument: ast.expr) -> tuple[str, str]:
    """`A` and `b` of `selectinload(A.b).joinedload(B.c)`."""
    inner = argument
    while isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and isinstance(inner.func.value, ast.Call):
        inner = inner.func.value
    if isinstance(inner, ast.Call) and last(inner.func) in LOADERS and inner.args and isinstance(inner.args[0], ast.Attribute):
        return last(inner.args[0].value), inner.args[0].attr
    return "", ""


def _lazy(tree: Tree, model: str, attribute: str) -> bool:
    found = tree.relationships.get((model, attribute), set())
    return bool(found) and not found & (APART | {"?"})


def _readers(tree: Tree, file: File, function: Function, attribute: str) -> tuple[Path, ...] | None:
    """The files besides this one where what the function loads has its attribute read; None where it is not read."""
    if _reads(function, attribute, bound(function, lambda node: True)):
        return ()
    for callee_file, callee, parameter in handed(tree, function, bound(function, lambda node: True)):
        if _reads(callee, attribute, {parameter}):
            return () if callee_file is file else (callee_file.path,)
    found = []
    for where, caller in _calling(tree, function):
        names = bound(caller, lambda node: last(node.func) == function.name)
        if names and _reads(caller, attribute, names):
            found.append(where.path)
    return tuple(dict.fromkeys(found)) if found else None


def _may_be_answered(tree: Tree, file: File, function: Function, model: str, attribute: str) -> bool:
    """Whether the function, or one that calls it, asks for rows of what a relationship to a single one leads to: the session may then
    have that one, and reading the attribute emits nothing."""
    targets = tree.targets.get((model, attribute), {""})
    around = [function, *(caller for _, caller in _calling(tree, function))]
    asked = {last(one) for each in around for call in own_nodes(each) if isinstance(call, ast.Call) for one in call.args if last(call.func) in _ASKING}
    return bool(asked & targets - {model})


def _reads(function: Function, attribute: str, names: set[str]) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == attribute
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
        for node in own_nodes(function)
    )


def _calling(tree: Tree, function: Function) -> Iterator[tuple[File, Function]]:
    """The functions that await a function by its name, where no other is called so."""
    if len(tree.functions.get(function.name, ())) != 1:
        return
    for file in tree.files:
        if function.name in file.text:
            for other in file.functions:
                calls = (one.value for one in own_nodes(other) if isinstance(one, ast.Await) and isinstance(one.value, ast.Call))
                if other is not function and any(last(one.func) == function.name for one in calls):
                    yield file, other


def callers(tree: Tree, file: File, function: Function) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(where.path for where, _ in _calling(tree, function)))[:4]


def unbound(tree: Tree, file: File) -> Iterator[Injection]:
    """`session = None` before a `try` that binds it, and whose handlers read it, where the code is asynchronous and SQLAlchemy's."""
    for function in file.functions if "sqlalchemy" in file.text.lower() or "sqlmodel" in file.text.lower() else ():
        if not isinstance(function, ast.AsyncFunctionDef) or _of_a_driver(tree, function):
            continue
        for body in _bodies(function):
            for index, statement in enumerate(body):
                name = _made_none(statement)
                following = next((one for one in body[index + 1 :] if name and name in {n.id for n in ast.walk(one) if isinstance(n, ast.Name)}), None)
                if not name or not isinstance(following, ast.Try) or not isinstance(statement, ast.Assign | ast.AnnAssign):
                    continue
                made = {n.id for one in following.body for n in ast.walk(one) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
                after = [*following.handlers, *following.finalbody]
                said = {n.id for one in after for n in ast.walk(one) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
                if name in made & said and _KEPT.fullmatch(name):
                    yield from changed("name unbound", file, statement, [(file.start(statement), file.end(statement), "pass")])


def _of_a_driver(tree: Tree, function: Function) -> bool:
    """Whether a function awaits one of the tree that gives a driver's own connection, by its annotation."""
    awaited = (last(one.value.func) for one in own_nodes(function) if isinstance(one, ast.Await) and isinstance(one.value, ast.Call))
    made = (each for name in awaited for _, each in tree.functions.get(name, ()) if each.returns is not None)
    return any(re.search(r"\b(?:asyncpg|psycopg|aiosqlite|aiomysql|asyncmy)\b|\bConnection\b", ast.unparse(each.returns or each)) for each in made)


def _made_none(statement: ast.stmt) -> str:
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target if isinstance(statement, ast.AnnAssign) else None
    return target.id if isinstance(value, ast.Constant) and value.value is None and isinstance(target, ast.Name) else ""


def _bodies(function: Function) -> Iterator[list[ast.stmt]]:
    yield function.body
    for node in own_nodes(function):
        for part in ("body", "orelse", "finalbody"):
            found = getattr(node, part, None)
            if isinstance(found, list):
                yield found


FINDERS: dict[str, Finder] = {
    "await dropped": awaits_dropped,
    "await added": awaits_added,
    "with for async with": withs,
    "engine.execute": engines,
    "generator awaited": generators,
    "option dropped": options,
    "name unbound": unbound,
}
#: the codes that may tell of a bug of each kind
CODES: dict[str, tuple[str, ...]] = {
    "await dropped": ("AOR1", "AOR304"),
    "await added": ("AOR103",),
    "with for async with": ("AOR303",),
    "engine.execute": ("AOR201",),
    "generator awaited": ("AOR301",),
    "option dropped": ("AOR5",),
    "name unbound": ("AOR401",),
}
