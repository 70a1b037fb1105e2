"""Where an object of the asyncio extension is given to what is made for the sync ones: events, DDL, sync sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.facts import AsyncObjectGiven, ListenerAdded
from flake8_async_orm.flow import blocking
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.reaching import written
from flake8_async_orm.flow.syntax import dotted_name, string_value
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import without_none
from flake8_async_orm.values import ApiObject, Class, Function, LocalFunction, Object, Site, Unknown, Value, replace

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument

_BINDS = frozenset({"AsyncEngine", "AsyncConnection"})
_GIVEN = _BINDS | {"AsyncSession", "sqlmodel.AsyncSession", "async_scoped_session"}
#: methods of MetaData and Table that take an engine or a connection
_DDL = frozenset({"create_all", "drop_all", "reflect", "create", "drop"})
_PANDAS = frozenset({"pandas.read_sql", "pandas.read_sql_query", "pandas.read_sql_table"})
#: what works at once with what it is given -> the sync classes that it works with
_AT_WORK = {
    "ddl": frozenset({"Engine", "Connection"}),
    "pandas": frozenset({"Engine", "Connection"}),
}
#: the last names of functions, and of methods of unknown objects, that are looked at here
EXTERNAL = _DDL | {"listen", "listens_for", "inspect", "read_sql", "read_sql_query", "read_sql_table"}
FOREIGN = _DDL | {"to_sql", "prepare"}
_TABLES = frozenset({"MetaData", "Table"})
#: the position of what can only be given by its name
_NOWHERE = 1_000


def listening(frame: Frame, name: str, arguments: list[Argument], node: cst.Call, site: Site) -> None:
    """State that `event.listen(target, ...)` or `event.listens_for(target, ...)` was called."""
    if frame.muted or not arguments or arguments[0].keyword is not None:
        return
    target = without_none(arguments[0].value)
    if _asked_for(frame, node):
        return
    cls, of, is_class = "", "", False
    match target:
        case ApiObject(cls=cls, of=made):
            of = made.cls if isinstance(made, ApiObject) else ""
        case Class(name=dotted):
            cls = names.api_class(dotted) or frame.program.api_base(dotted) or ""
            is_class = True
    event = string_value(node.args[1].value) if len(node.args) > 1 else None
    is_async, listener = False, None
    if name == "listens_for":
        decorator = written(frame.source).parent(node)
        function = written(frame.source).parent(decorator) if isinstance(decorator, cst.Decorator) else None
        is_async = isinstance(function, cst.FunctionDef) and function.asynchronous is not None
        listener = site if is_async else None
    elif len(arguments) > 2:
        is_async = _coroutine_function(frame, arguments[2].value)
        listener = arguments[2].site
    shown = names.shown(cls)
    fact = ListenerAdded(arguments[0].site, event or "", shown, names.shown(of), is_class, is_async, listener)
    frame.state_fact(fact)


def _asked_for(frame: Frame, node: cst.Call) -> bool:
    """Whether the call stands under an `if` with a `hasattr` of the target: it is asked for whether the event is there."""
    target = dotted_name(node.args[0].value)
    above = written(frame.source).parent(node)
    while target is not None and above is not None and not isinstance(above, (cst.FunctionDef, cst.ClassDef)):
        if isinstance(above, cst.If) and _has(above.test, target):
            return True
        above = written(frame.source).parent(above)
    return False


def _has(test: cst.BaseExpression, target: str) -> bool:
    if isinstance(test, cst.BooleanOperation):
        return _has(test.left, target) or _has(test.right, target)
    if not isinstance(test, cst.Call) or not test.args:
        return False
    return dotted_name(test.func) == "hasattr" and dotted_name(test.args[0].value) == target


def _coroutine_function(frame: Frame, value: Value) -> bool:
    match value:
        case Function(name=name):
            found = frame.program.function_definition(name)
            definition = found[1] if found is not None else None
            return definition is not None and definition.is_async and not definition.is_generator
        case LocalFunction(site=site):
            known = frame.nested.get(site)
            node = known[0] if known is not None else None
            return isinstance(node, cst.FunctionDef) and node.asynchronous is not None
    return False


def foreign(
    frame: Frame, name: str, arguments: list[Argument], node: cst.Call, site: Site, receiver: Value | None = None
) -> None:
    """A method of something that is not known: DDL of a MetaData or Table, reflection by automap, or `DataFrame.to_sql`."""
    if name in _DDL and isinstance(node.func, cst.Attribute):
        if _is_of_tables(receiver) or _holds_tables(node.func.value):
            _given(frame, arguments, node, site, f"{name}()", "ddl", 0, "bind")
    elif name == "prepare":
        _given(frame, arguments, node, site, "prepare()", "reflection", _NOWHERE, "autoload_with")
    elif name == "to_sql":
        _given(frame, arguments, node, site, "to_sql()", "pandas", 1, "con")


def _is_of_tables(value: Value | None) -> bool:
    return isinstance(value, Object) and names.is_sqlalchemy(value.cls.name) and names.last(value.cls.name) in _TABLES


def _holds_tables(node: cst.BaseExpression) -> bool:
    last = (dotted_name(node) or "").rpartition(".")[2].lower()
    return last.endswith(("metadata", "__table__"))


def external(frame: Frame, dotted: str, name: str, arguments: list[Argument], node: cst.Call, site: Site) -> None:
    """A function outside the project is called."""
    if dotted in _PANDAS:
        _given(frame, arguments, node, site, f"pandas.{name}", "pandas", 1, "con")
    elif name in _DDL:
        foreign(frame, name, arguments, node, site)
    elif not names.is_sqlalchemy(dotted):
        return
    elif name == "inspect":
        _given(frame, arguments, node, site, "inspect", "inspect", 0, "subject")
    elif name in ("listen", "listens_for"):
        listening(frame, name, arguments, node, site)


def constructed(frame: Frame, dotted: str, made: Value, arguments: list[Argument], node: cst.Call, site: Site) -> Value:
    """A class of SQLAlchemy is called: the bind of a sync session or its factory has to be sync.

    Gives what was made, as it is once that is mended.
    """
    cls = names.api_class(dotted)
    if cls in ("Session", "sqlmodel.Session"):
        if _given(frame, arguments, node, site, "Session", "session", 0, "bind"):
            return Unknown("a sync session on an async engine")
    elif cls == "sessionmaker" and isinstance(made, ApiObject):
        of = made.of
        is_sync = isinstance(of, ApiObject) and of.cls in ("Session", "sqlmodel.Session")
        if is_sync and _given(frame, arguments, node, site, "sessionmaker", "factory", 0, "bind"):
            return replace(made, of=ApiObject("AsyncSession"))
    elif cls is None and names.last(dotted) == "Table":
        _given(frame, arguments, node, site, "Table", "reflection", _NOWHERE, "autoload_with")
    elif cls is None and names.last(dotted) == "Query":
        _given(frame, arguments, node, site, "Query", "query", 1, "session")
    return made


def _given(
    frame: Frame,
    arguments: list[Argument],
    node: cst.Call,
    site: Site,
    function: str,
    to: str,
    position: int,
    keyword: str,
) -> bool:
    """State that an object of the asyncio extension is the argument `keyword`, if it is one."""
    if any(one.star for one in arguments):
        return False
    plain = [one for one in arguments if one.keyword is None]
    found = next((one for one in arguments if one.keyword == keyword), None)
    if found is None and position < len(plain):
        found = plain[position]
    value = without_none(found.value) if found is not None else None
    if isinstance(value, ApiObject) and value.cls in _AT_WORK.get(to, ()):
        blocking.given(frame, value, function.removesuffix("()"), site)
    allowed = _GIVEN if to in ("inspect", "query") else _BINDS
    if found is None or not isinstance(value, ApiObject) or value.cls not in allowed or value.subclass is not None:
        return False
    named = frozenset(one.keyword for one in arguments if one.keyword is not None)
    callee = frame.site(node.func)
    frame.state_fact(
        AsyncObjectGiven(
            found.site,
            names.shown(value.cls),
            function,
            to,
            site,
            callee,
            frame.is_async,
            named,
            frame.program.versions,
        )
    )
    return True
