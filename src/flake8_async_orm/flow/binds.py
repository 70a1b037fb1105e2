"""What async sessions and their factories are bound to: an async engine or connection, or a sync one, which they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.facts import SyncBindGiven
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.syntax import last_name
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import without_none
from flake8_async_orm.values import MADE, ApiObject, Collection, Site, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument

_SYNC = frozenset({"Engine", "Connection"})
_BINDING = frozenset({"AsyncSession", "sqlmodel.AsyncSession"})


def given(
    frame: Frame, session: Value | None, function: str, arguments: list[Argument], positional: bool = True
) -> None:
    """`function` was called with `arguments` to make, now or later, sessions like `session`. `positional`: the bind may come first."""
    if not isinstance(session, ApiObject) or session.cls not in _BINDING or _binds_itself(frame, session.subclass):
        return
    for index, argument in enumerate(arguments):
        if argument.star:
            return
        if argument.keyword in ("bind", "binds") or (positional and index == 0 and argument.keyword is None):
            bind = without_none(argument.value)
            bind = without_none(bind.of) if argument.keyword == "binds" and isinstance(bind, Collection) else bind
            # an annotation alone may be wrong
            if (
                isinstance(bind, ApiObject)
                and bind.cls in _SYNC
                and (MADE in bind.flags or "reached_by" in dict(bind.flags))
            ):
                _state(frame, bind, function, argument.site)


def _binds_itself(frame: Frame, subclass: str | None) -> bool:
    return subclass is not None and frame.program.method(subclass, "__init__") is not None


def _state(frame: Frame, bind: ApiObject, function: str, site: Site) -> None:
    reached_by = str(dict(bind.flags).get("reached_by", ""))
    made, maker, others = None, None, True
    if bind.cls == "Engine" and bind.because is not None and not reached_by:
        made = bind.because.site
    if made is not None and made.path == frame.path:
        node = frame.source.nodes[made.node]
        if isinstance(node, cst.Call) and last_name(node.func) == "create_engine":
            maker = frame.site(node.func)
        others = not _used_once(frame, site)
    fact = SyncBindGiven(site, names.shown(bind.cls), function, reached_by, made, maker, others)
    frame.state_fact(fact)


def _used_once(frame: Frame, site: Site) -> bool:
    """Whether the name at `site` stands there and where it is bound, and nowhere else in the file."""
    given = frame.source.nodes[site.node]
    if not isinstance(given, cst.Name):
        return False
    return sum(isinstance(node, cst.Name) and node.value == given.value for node in frame.source.nodes) == 2
