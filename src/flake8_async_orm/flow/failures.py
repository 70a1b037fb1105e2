"""`try`: a handler may be entered from before every statement of the body.

A name that is bound first inside the body may be unbound in the handlers, in `finally` and behind the statement; the binding that may have failed is
remembered (`lattice.Missing`) until a test of something set around it, or a new binding, clears the doubt.
"""

from __future__ import annotations

import re

import libcst as cst

from flake8_async_orm.flow import ledgers, recovery, unflushed
from flake8_async_orm.flow.frame import Frame, Guard, Loop, joined
from flake8_async_orm.flow.running import run_block, runs
from flake8_async_orm.flow.scopes import assigned, fields_assigned, mentioned, walk
from flake8_async_orm.flow.syntax import dotted_name, last_name, target_names
from flake8_async_orm.knowledge import behaviour, callables, names
from flake8_async_orm.lattice import Binding, Missing, State, join_states, may_be_none, without_none
from flake8_async_orm.project import ExternalName, Found
from flake8_async_orm.values import NONE, ApiObject, Site, Unknown, Value, replace

_KINDS = (
    names.SESSIONS
    | names.ENGINES
    | names.CONNECTIONS
    | names.RESULTS
    | {"AsyncTransaction", "AsyncSessionTransaction", "Transaction", "SessionTransaction"}
)
#: what opening a connection may raise, besides everything
_OPENING = (
    "sqlalchemy.exc.",
    "builtins.OSError",
    "builtins.TimeoutError",
    "builtins.ConnectionError",
    "asyncio.TimeoutError",
    "asyncpg.",
)


@runs(cst.Try, cst.TryStar)
def _try(frame: Frame, node: cst.Try | cst.TryStar, state: State) -> State | None:
    entry = state.copy()
    site = frame.site(node)
    marks = (len(frame.returned), _loop_marks(frame))
    handlers = [(handler, caught_names(frame, handler.type)) for handler in node.handlers]
    frame.raised.append([])
    frame.guards.append(Guard(tuple(name for handler, caught in handlers if not raises(handler) for name in caught)))
    normal = run_block(frame, node.body, state)
    frame.guards.pop()
    raising = frame.raised.pop()
    failed = joined(raising)
    correlates = assigned(node)
    bound = _bindings(frame, node.body)
    telling = correlates | fields_assigned(node) if bound else correlates
    frame.raised.append([])
    ends: State | None = None
    if normal is not None and node.orelse is not None:
        ends = run_block(frame, node.orelse.body, normal.copy())
    else:
        ends = normal.copy() if normal is not None else None
    taken = False
    for handler, caught in handlers:
        if failed is None:
            break
        path = failed.copy()
        ledgers.failed(path)
        unflushed.forget(frame, path)
        if frame.fails:
            touched = mentioned(handler.body)
            recovery.caught(path, entry, caught, taken, frame.site(handler), correlates, touched)
            taken = taken or recovery.takes_all(caught)
        _mark(frame, path, entry, normal, raising, bound, site, "except", caught, telling)
        if handler.name is not None:
            for name in target_names(handler.name.name):
                path.names[name] = Binding(Unknown("an exception"))
        frame.handling.append(frame.site(handler))
        end = run_block(frame, handler.body, path)
        frame.handling.pop()
        if end is not None:
            _relabel(end, "after")
        ends = join_states(ends, end)
    escaping = frame.raised.pop()
    if frame.fails:
        for escaped in escaping:
            recovery.kept(escaped, [frame.site(handler) for handler, _ in handlers])
    if failed is not None and not any("" in caught or "builtins.BaseException" in caught for _, caught in handlers):
        path = failed.copy()
        if frame.fails and any(name in behaviour.FLUSH_ERRORS for _, caught in handlers for name in caught):
            recovery.caught(path, entry, (), True, site, correlates)
        _mark(frame, path, entry, normal, raising, bound, site, "finally", ("",), telling)
        escaping.append(path)
    if node.finalbody is None:
        for escaped in escaping:
            frame.may_raise(escaped)
            recovery.escaped(frame, escaped)
        return ends
    return _finally(frame, node.finalbody, ends, escaping, marks)


def raises(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """Whether a handler ends by raising, so that what it catches is an error all the same."""
    body = handler.body.body
    last = body[-1] if body else None
    if type(last) is cst.SimpleStatementLine:
        last = last.body[-1]
    return type(last) is cst.Raise


def _finally(
    frame: Frame,
    final: cst.Finally,
    ends: State | None,
    escaping: list[State],
    marks: tuple[int, tuple[State | None, State | None]],
) -> State | None:
    """Run `finally` on every way through it: normally, by exception, by return, break and continue."""
    returned = frame.returned[marks[0] :]
    if returned:
        del frame.returned[marks[0] :]
        end = _run_final(frame, final, joined([state for state, _ in returned]))
        if end is not None:
            frame.returned.extend((end, value) for _, value in returned)
    if frame.loops:
        loop, (broken, continued) = frame.loops[-1], marks[1]
        if loop.broken is not broken:
            loop.broken = _run_final(frame, final, loop.broken)
        if loop.continued is not continued:
            loop.continued = _run_final(frame, final, loop.continued)
    escaped = joined(escaping)
    if escaped is not None:
        after = _run_final(frame, final, escaped)
        if after is not None:
            frame.may_raise(after)
            recovery.escaped(frame, after)
    return _run_final(frame, final, ends)


def _run_final(frame: Frame, final: cst.Finally, state: State | None) -> State | None:
    if state is None:
        return None
    path = state.copy()
    _relabel(path, "finally")
    end = run_block(frame, final.body, path)
    if end is not None:
        _relabel(end, "after")
    return end


def _loop_marks(frame: Frame) -> tuple[State | None, State | None]:
    loop = frame.loops[-1] if frame.loops else Loop()
    return loop.broken, loop.continued


def _relabel(state: State, where: str) -> None:
    for name, binding in state.names.items():
        if binding.missing is not None and binding.missing.where != where:
            state.names[name] = replace(binding, missing=replace(binding.missing, where=where))


# -- names whose binding may have failed ------------------------------------------------------------------------------


def _mark(
    frame: Frame,
    path: State,
    entry: State,
    normal: State | None,
    raising: list[State],
    bound: dict[str, Site],
    try_site: Site,
    where: str,
    caught: tuple[str, ...],
    correlates: frozenset[str],
) -> None:
    """In `path`, the state of a handler: note the names that the body binds first."""
    for name, site in bound.items():
        before = entry.names.get(name)
        none = before is not None and before.value == NONE
        if before is not None and before.complete and before.missing is None and not none:
            continue
        value = _bound_value(name, normal, raising)
        kind = _kind(value)
        before_it = sum(
            1 for s in raising if name not in s.names or not s.names[name].complete or s.names[name].value == NONE
        )
        if kind is None or not _may_fail(frame, value, caught, before_it):
            continue
        here = path.names.get(name)
        if here is not None and here.complete and not (none and may_be_none(here.value)):
            continue
        assert value is not None
        missing = Missing(where, site, try_site, kind, none, correlates)
        path.names[name] = Binding(
            here.value if here is not None and none else without_none(value), missing=missing, site=site
        )


def doubted(state: State) -> dict[str, Binding]:
    """The names whose binding may have failed."""
    return {name: binding for name, binding in state.names.items() if binding.missing is not None}


#: names of functions after which nothing may follow, wherever they come from
_LEAVING = re.compile(r"abort|die|error|exit|fail|panic|raise|reject|skip|throw", re.IGNORECASE)


def may_leave(body: cst.BaseSuite) -> bool:
    """Whether a block ends with a call that, by its name, does not come back."""
    last = body.body[-1] if body.body else None
    if type(last) is cst.SimpleStatementLine:
        last = last.body[-1]
    call = last.value if type(last) is cst.Expr else None
    call = call.expression if type(call) is cst.Await else call
    return type(call) is cst.Call and _LEAVING.search(last_name(call.func) or "") is not None


def told(before: dict[str, Binding], taken: State | None, other: State | None) -> dict[str, Binding]:
    """Of these doubts the ones that a test has cleared, whichever way it came out."""
    if not before or taken is None or other is None:
        return {}
    cleared: dict[str, Binding] = {}
    for name, binding in before.items():
        sure = replace(binding, missing=None)
        if taken.names.get(name) == sure and other.names.get(name) == sure:
            cleared[name] = binding
    return cleared


def doubt_again(cleared: dict[str, Binding], taken: State | None, other: State | None) -> None:
    """Both ways of a test go on: what it had told of a name holds no more, unless one of them has bound it."""
    if taken is None or other is None:
        return
    for name, binding in cleared.items():
        sure = replace(binding, missing=None)
        if taken.names.get(name) == sure and other.names.get(name) == sure:
            taken.names[name] = other.names[name] = binding


def _bound_value(name: str, normal: State | None, raising: list[State]) -> Value | None:
    for state in [*([normal] if normal is not None else []), *reversed(raising)]:
        binding = state.names.get(name)
        if binding is not None and without_none(binding.value) != NONE and _kind(binding.value) is not None:
            return binding.value
    return None


def _kind(value: Value | None) -> str | None:
    value = without_none(value) if value is not None else None
    return names.shown(value.cls) if isinstance(value, ApiObject) and value.cls in _KINDS else None


def _may_fail(frame: Frame, value: Value | None, caught: tuple[str, ...], before_it: int) -> bool:
    """Whether the name may be unbound when the handler is entered.

    A handler for everything sees that. One for errors of the database does when making the value opens a connection, which a
    constructor does not; any other one also when something ahead of the binding can raise (`before_it` counts the places,
    the binding's own among them).
    """
    value = without_none(value) if value is not None else None
    if any(name in callables.BROAD for name in caught):
        return True
    cheap = isinstance(value, ApiObject) and value.because is not None and value.because.site in frame.calls.values()
    if all(name.startswith("sqlalchemy.") for name in caught):
        return not cheap
    return before_it > 1 or (not cheap and any(name.startswith(_OPENING) for name in caught))


def caught_names(frame: Frame, node: cst.CSTNode | None) -> tuple[str, ...]:
    """The dotted names of the exceptions that a handler catches; an empty string stands for all of them."""
    if node is None:
        return ("",)
    if type(node) is cst.Tuple:
        return tuple(name for element in node.elements for name in caught_names(frame, element.value))
    dotted = dotted_name(node)
    found = frame.program.resolve(frame.module, dotted) if dotted else None
    if isinstance(found, ExternalName):
        return (_canonical(found.name),)
    if isinstance(found, Found):
        for base in frame.program.project.mro(f"{found.module}.{getattr(found.binding, 'qualname', found.binding)}")[0]:
            if base.startswith("sqlalchemy."):
                return (_canonical(base),)
        return (f"{found.module}.?",)
    return ("?",)


def _canonical(dotted: str) -> str:
    last = names.last(dotted)
    if names.is_sqlalchemy(dotted):
        return f"sqlalchemy.exc.{last}"
    return dotted


def _bindings(frame: Frame, body: cst.BaseSuite) -> dict[str, Site]:
    """The names that a try's body binds, nested blocks included, and where first."""
    order: dict[str, Site] = {}
    for current in walk(body, into_scopes=False):
        kind = type(current)
        targets: list[cst.CSTNode] = []
        if kind is cst.Assign:
            targets = [target.target for target in current.targets]
        elif kind is cst.NamedExpr or (kind is cst.AnnAssign and current.value is not None):
            targets = [current.target]
        elif kind is cst.WithItem and current.asname is not None:
            targets = [current.asname.name]
        for target in targets:
            for name in target_names(target):
                site = frame.site(current)
                order[name] = min(site, order.get(name, site))
    return order
