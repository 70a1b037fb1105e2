"""Texts that calls give: the environment's, settings', URL objects', methods of strings, functions of the project."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from flake8_async_orm.flow.syntax import literal, string_value
from flake8_async_orm.flow.text import Text, Texts, with_holes
from flake8_async_orm.flow.texts import TextReader, Where
from flake8_async_orm.knowledge import names, urls
from flake8_async_orm.values import Class, External, Function, Object, replace


def read_call(reader: TextReader, where: Where, node: cst.Call) -> Texts | None:
    """The texts that the call `node` may give."""
    called = reader.object_of(where, node.func)
    match called:
        case External(name=dotted) | Class(name=dotted) if reader.program.class_definition(dotted) is None:
            found = _external(reader, where, node, dotted)
            if found is not None:
                return found
        case Object(cls=Class(name=dotted)) if dotted.partition(".")[0] in urls.SETTINGS_PACKAGES:
            return _defaulted(reader, where, argument(node, 1, "default"))
        case Function(name=name):
            return _function(reader, where, node, name)
    if isinstance(node.func, cst.Attribute):
        return _method(reader, where, node, node.func)
    return None


def argument(node: cst.Call, position: int, *keywords: str) -> cst.BaseExpression | None:
    """The argument at `position`, or by one of its names."""
    for given in node.args:
        if given.keyword is not None and given.keyword.value in keywords:
            return given.value
    if any(given.star for given in node.args[: position + 1]):
        return None
    plain = [given.value for given in node.args if given.keyword is None and not given.star]
    return plain[position] if position < len(plain) else None


def _defaulted(reader: TextReader, where: Where, node: cst.BaseExpression | None) -> Texts | None:
    read = reader.read(where, node)
    return tuple(replace(text, default=True) for text in read) if read is not None else None


def _external(reader: TextReader, where: Where, node: cst.Call, dotted: str) -> Texts | None:
    last = names.last(dotted)
    if dotted in urls.ENVIRONMENT:
        return _defaulted(reader, where, argument(node, 1, "default"))
    if dotted.partition(".")[0] in urls.SETTINGS_PACKAGES and last in ("config", "env", "str"):
        return _defaulted(reader, where, argument(node, 1, "default"))
    if names.is_sqlalchemy(dotted) and last == "make_url":
        read = reader.read(where, argument(node, 0, "name_or_url", "url"))
        faults = [urls.fault(text.parts, True, False) for text in read or ()]
        return None if any(fault is not None and fault.anyway for fault in faults) else read
    if names.is_sqlalchemy(dotted) and dotted.endswith(("URL.create", ".URL")):
        return _headed(reader, where, argument(node, 0, "drivername"))
    if dotted in ("builtins.str", "typing.cast"):
        return reader.read(where, argument(node, 1 if last == "cast" else 0))
    if dotted.partition(".")[0].startswith("pydantic"):
        if last == "build":
            return _headed(reader, where, argument(node, -1, "scheme"))
        return reader.read(where, argument(node, 0, "default"))
    return None


def _headed(reader: TextReader, where: Where, scheme: cst.BaseExpression | None) -> Texts | None:
    """A URL of which the scheme is known."""
    read = reader.read(where, scheme)
    if read is None or any(text.whole is None for text in read):
        return None
    return tuple(Text((f"{text.whole}://", None), text.site, text.default) for text in read)


def _function(reader: TextReader, where: Where, node: cst.Call, name: str) -> Texts | None:
    found = reader.program.function_definition(name)
    there = reader.where(found[0]) if found else None
    if found is None or there is None:
        return None
    parameters = [p.name for p in found[1].parameters]
    if found[1].cls is not None:
        parameters = parameters[1:]
    given = tuple(
        (keyword.value if (keyword := one.keyword) is not None else parameters[position], reader.read(where, one.value))
        for position, one in enumerate(node.args)
        if one.keyword is not None or (not one.star and position < len(parameters))
    )
    return reader.returned(there, found[1], given)


def _method(reader: TextReader, where: Where, node: cst.Call, func: cst.Attribute) -> Texts | None:
    name = func.attr.value
    if name == "set":
        return _set(reader, where, node, func.value)
    if name in ("get", "get_main_option"):
        key = string_value(node.args[0].value) if node.args else None
        return reader.item(where, func.value, key) if key is not None else None
    own = reader.object_of(where, func.value)
    cls = own.cls if isinstance(own, Object) else own
    if isinstance(cls, Class) and reader.program.class_definition(cls.name) is not None:
        found = reader.program.method(cls.name, name)
        return _function(reader, where, node, f"{found[0]}.{found[2].qualname}") if found is not None else None
    read = reader.read(where, func.value)
    if read is None:
        return None
    if name == "replace":
        words = [literal(given.value) for given in node.args]
        if len(words) not in (2, 3) or not all(isinstance(word, (str, int)) for word in words):
            return None
        return tuple(_replaced(text, *words) for text in read)  # type: ignore[arg-type]
    if name == "format":
        return tuple(with_holes(text, r"\{\w*\}") for text in read)
    if name in urls.KEEPING:
        return read
    change = _CHANGES.get(name)
    if change is not None and not node.args and all(text.whole is not None for text in read):
        return tuple(replace(text, parts=(change(text.whole or ""),)) for text in read)
    return None


_CHANGES: dict[str, Callable[[str], str]] = {
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "lower": str.lower,
}


def _replaced(text: Text, old: str, new: str, count: int = -1) -> Text:
    parts: list[str | None] = []
    for part in text.parts:
        if part is not None and count:
            found = part.count(old)
            part = part.replace(old, new, count)
            count = max(count - found, 0) if count > 0 else count
        parts.append(part)
    return replace(text, parts=tuple(parts))


def _set(reader: TextReader, where: Where, node: cst.Call, owner: cst.BaseExpression) -> Texts | None:
    """`url.set(drivername=...)`: what stands behind the scheme stays."""
    read = reader.read(where, owner)
    given = {one.keyword.value for one in node.args if one.keyword is not None}
    if "drivername" not in given:
        return None if given - {"database", "query", "password", "username", "host", "port"} else read
    headed = _headed(reader, where, argument(node, -1, "drivername"))
    if headed is None or read is None or len(headed) != 1 or not all("://" in (text.parts[0] or "") for text in read):
        return headed
    scheme = headed[0].parts[0] or ""
    rests = [(text.parts[0] or "").partition("://")[2] for text in read]
    return tuple(
        replace(text, parts=(scheme + rest, *text.parts[1:]), site=headed[0].site)
        for text, rest in zip(read, rests, strict=True)
    )
