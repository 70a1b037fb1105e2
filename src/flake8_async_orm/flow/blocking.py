"""Database work of sync sessions, connections and engines: who does it on the thread of the event loop.

A sync function that does such work tells its callers through its outcome; an `async def` that does it, or calls one,
states a fact. What is known by an annotation alone counts only for parameters, and only as long as nothing speaks for the async class.
"""

from __future__ import annotations

import re

import libcst as cst

from flake8_async_orm.facts import LoopBlocked
from flake8_async_orm.flow.frame import Blocking, Frame
from flake8_async_orm.flow.scopes import walk
from flake8_async_orm.knowledge import behaviour, names
from flake8_async_orm.lattice import without_none
from flake8_async_orm.values import MADE, ApiObject, Place, Site, Value

#: words of a test by which a function serves async and sync objects alike
_TWIN = re.compile(
    r"\b_*(is_|use_)?async(_engine|_session|_mode)?\b|Async[A-Z]|awaitable|coroutine|\b(Session|Engine|Connection)\b"
    r"|greenlet|running_loop|thread"
)
#: files that tools run for themselves, in run_sync or without any loop
_MIGRATIONS = re.compile(r"(^|[/\\])(alembic|migrations?|versions)[/\\]|(^|[/\\])env\.py$")


def is_sync(value: Value | None) -> bool:
    """Whether `value` is an object of a sync class that no async one stands behind."""
    return isinstance(value, ApiObject) and value.cls in behaviour.BLOCKING and not _reached_by(value)


def reached(value: ApiObject) -> frozenset[tuple[str, object]]:
    """The flag of a sync object that an async one stands behind, for what is made over it."""
    return frozenset(flag for flag in value.flags if flag[0] == "reached_by")


def _reached_by(value: Value | None) -> str:
    """The attribute by which a sync object was reached from the async one that stands behind it; empty: none does."""
    return str(dict(value.flags).get("reached_by", "")) if isinstance(value, ApiObject) else ""


def called(frame: Frame, receiver: ApiObject, name: str, site: Site, busy: bool = False) -> None:
    """`receiver.name(...)` was called at `site`. `busy`: it surely has something to do, though it often has not."""
    if name not in behaviour.BLOCKING.get(receiver.cls, ()) or frame.muted or frame.sync_land:
        return
    what = f"{names.shown(receiver.cls)}.{name}"
    reached = _reached_by(receiver)
    if reached:
        # an attribute that sync classes do not have tells more than an annotation
        if busy or name not in behaviour.OFTEN_IDLE:
            frame.blocking.setdefault(
                site, Blocking(what, True, site, "", receiver.place, bool(frame.returned), reached)
            )
        return
    sure = MADE in receiver.flags or _is_kept(frame, receiver.place)
    if sure or _is_parameter(receiver.place):
        frame.blocking.setdefault(site, Blocking(what, sure, site, "", receiver.place, bool(frame.returned)))


def given(frame: Frame, value: ApiObject, function: str, site: Site) -> None:
    """`function` works with `value`, a sync object that it was given at `site`; counts where that is an async one's."""
    reached = _reached_by(value)
    if reached and not frame.muted and not frame.sync_land:
        frame.blocking.setdefault(site, Blocking(function, True, site, "", value.place, bool(frame.returned), reached))


def _is_parameter(place: Place | None) -> bool:
    return place is not None and not place.path and isinstance(place.root, str) and place.root.startswith("param:")


def _is_kept(frame: Frame, place: Place | None) -> bool:
    """Whether an object is an attribute of the method's own object that nothing in the file takes for an async one."""
    if place is None or len(place.path) != 1 or frame.function is None or frame.function.cls is None:
        return False
    own = frame.function.parameters[0].name if frame.function.parameters else ""
    attribute = place.path[0]
    if place.root != f"param:{own}" or not attribute.isidentifier():
        return False
    return re.search(rf"(await|async\s+with|async\s+for\b.*\bin)\s+\(?{own}\.{attribute}\b", frame.source.text) is None


def transferred(frame: Frame, work: Blocking | None, helper: str, arguments: dict[str, Value], site: Site) -> None:
    """A sync function that does `work` was called at `site`."""
    if work is None or frame.muted or frame.sync_land:
        return
    sure, place, reached = work.sure, work.place, work.reached_by
    if not sure:
        assert place is not None
        actual = without_none(arguments.get(str(place.root).removeprefix("param:"), _NOTHING))
        if not isinstance(actual, ApiObject) or actual.cls not in behaviour.BLOCKING:
            return
        reached = _reached_by(actual)
        if reached and work.what.rpartition(".")[2] in behaviour.OFTEN_IDLE:
            return
        sure, place = bool(reached) or MADE in actual.flags, actual.place
        if not sure and not _is_parameter(place):
            return
    frame.blocking.setdefault(site, Blocking(work.what, sure, work.io, helper, place, bool(frame.returned), reached))


_NOTHING = Value()


def finish(frame: Frame, node: cst.FunctionDef) -> Blocking | None:
    """At the end of a body: the work that a sync function does for its callers; what an async one does is stated."""
    if not frame.blocking or frame.patched or _MIGRATIONS.search(frame.path) or _is_twin(frame, node):
        return None
    found = {site: work for site, work in frame.blocking.items() if work.sure or not frame.contradicted}
    if not frame.is_async:
        return next((found[site] for site in sorted(found) if not found[site].perhaps), None)
    for site, work in found.items():
        frame.state_fact(LoopBlocked(site, work.what, work.helper, work.io if work.io != site else None, work.reached_by))
    return None


def _is_twin(frame: Frame, node: cst.FunctionDef) -> bool:
    """Whether a test in the function tells async objects from sync ones."""
    for part in walk(node):
        if isinstance(part, (cst.If, cst.IfExp)):
            start, end = frame.source.span(frame.numbers[id(part.test)])
            if _TWIN.search(frame.source.text[start:end]):
                return True
        elif isinstance(part, cst.MatchClass):
            return True
    return False
