"""Engines that are made, and the URLs that they are made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.facts import EngineCreated, UrlGiven
from flake8_async_orm.flow import handed_urls
from flake8_async_orm.flow.frame import Frame, HandedUrl
from flake8_async_orm.flow.syntax import dotted_name, string_value
from flake8_async_orm.flow.text import Texts
from flake8_async_orm.flow.text_calls import argument
from flake8_async_orm.flow.texts import TextReader, Where
from flake8_async_orm.knowledge import names
from flake8_async_orm.values import Class, External, Site

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument

#: function -> whether the engine that it makes is async; None: it makes none
_ASYNC: dict[str, bool | None] = {
    "create_async_engine": True,
    "async_engine_from_config": True,
    "create_engine": False,
    "engine_from_config": False,
    "make_url": None,
}
#: keywords by which somebody else sees to the driver
_OWN_DRIVER = frozenset({"module", "creator", "async_creator", "strategy", "_is_async", "plugins"})


def created(frame: Frame, function: str, arguments: list[Argument], node: cst.Call | None, site: Site) -> None:
    """State that `function` was called at `node` to make an engine, or a URL."""
    if frame.muted or node is None:
        return
    is_async = _ASYNC[function]
    keywords = {one.keyword: one for one in arguments if one.keyword is not None}
    reader = TextReader(frame.program)
    where = Where(frame.module, frame.source)
    config = function.endswith("_from_config")
    given = argument(node, 0, "configuration" if config else "name_or_url" if is_async is None else "url")
    found = _configured(reader, where, node, given) if config else reader.read(where, given)
    whole = any(one.star for one in arguments) or any(one.default for one in found or ())
    if is_async is not None:
        _state_engine(frame, function, is_async, keywords, () if whole else urls_of(found), site)
    if given is None or keywords.keys() & _OWN_DRIVER:
        return
    becomes = _becomes_async(where, node) if is_async is False and (found or frame.function) else False
    becoming = is_async or becomes is True if is_async is not None else None
    if found is None and not config and frame.function is not None:
        made = HandedUrl(frame.module, frame.numbers[id(given)], function, becoming, becomes is not None)
        found = handed_urls.expected(frame, reader, where, given, made)
    if found is None:
        return
    frame.state_fact(
        UrlGiven(
            frame.site(given),
            function,
            urls_of(found),
            becoming,
            site,
            found[0].site if len(found) == 1 else None,
            any(one.default for one in found),
            frame.program.versions,
            becomes is not None,
        )
    )


def urls_of(texts: Texts | None) -> tuple[tuple[str | None, ...], ...]:
    return tuple(text.parts for text in texts or ())


def _state_engine(
    frame: Frame,
    function: str,
    is_async: bool,
    keywords: dict[str, Argument],
    urls: tuple[tuple[str | None, ...], ...],
    site: Site,
) -> None:
    pool = keywords.get("poolclass")
    name = ""
    if pool is not None:
        known = pool.value
        if isinstance(known, (Class, External)) and names.is_sqlalchemy(known.name):
            name = names.last(known.name)
        else:
            name = "?"
    options = tuple((key, one.site) for key, one in keywords.items() if key not in ("poolclass", "url"))
    if "pool" in keywords:
        name = "?"
    frame.state_fact(
        EngineCreated(
            site,
            function,
            is_async,
            name,
            pool.site if pool is not None else None,
            options,
            urls,
            frame.program.versions,
        )
    )


def _configured(reader: TextReader, where: Where, node: cst.Call, given: cst.BaseExpression | None) -> Texts | None:
    """The URL among the items of a configuration: of a dict, or set in Alembic's."""
    if given is None:
        return None
    prefix_node = argument(node, 1, "prefix")
    prefix = "sqlalchemy." if prefix_node is None else string_value(prefix_node)
    if prefix is None:
        return None
    read = reader.item(where, given, f"{prefix}url")
    if read is not None:
        return read
    _, section = reader.node_of(where, given)
    if isinstance(section, cst.Call) and (dotted_name(section.func) or "").endswith(".get_section"):
        return _alembic(reader, where, f"{prefix}url")
    return None


def _alembic(reader: TextReader, where: Where, key: str) -> Texts | None:
    """What the file puts into Alembic's configuration under `key`, where it does so once."""
    found: list[cst.BaseExpression] = []
    for node in where.source.nodes:
        if type(node) is cst.Call and (dotted_name(node.func) or "").endswith(".set_main_option"):
            name, value = argument(node, 0, "name"), argument(node, 1, "value")
            if name is None or value is None or string_value(name) is None:
                return None
            if string_value(name) == key:
                found.append(value)
    return reader.read(where, found[0]) if len(found) == 1 else None


def _becomes_async(where: Where, node: cst.Call) -> bool | None:
    """Whether a sync engine made by `node` is wrapped in an AsyncEngine; None where it may be, out of sight."""
    above = where.written.parent(node)
    if isinstance(above, cst.Arg):
        around = where.written.parent(above)
        called = dotted_name(around.func) if isinstance(around, cst.Call) else None
        return True if (called or "").rpartition(".")[2] == "AsyncEngine" else None
    if isinstance(above, (cst.Return, cst.Yield, cst.Lambda)):
        return None
    for one in where.source.nodes:
        if type(one) is cst.Call and (dotted_name(one.func) or "").rpartition(".")[2] == "AsyncEngine":
            return None
    return False
