"""A glance at a file's bytes: enough to tell which files are worth parsing for a name."""

from __future__ import annotations

import re

from flake8_async_orm.records import record

_CLASS = re.compile(rb"^[ \t]*class[ \t]+(\w+)", re.MULTILINE)

_MAKES = re.compile(rb"\b(?:async_?)?session(?:maker)?\s*[\[(]", re.IGNORECASE)
_OTHERWISE = re.compile(rb"expire_on_commit(?!\s*=\s*True\b)")
_RECONFIGURES = re.compile(rb"\.configure\([^)]*expire_on_commit")
_SETS_STATE = re.compile(rb"\.state\.\w+\s*(?::[^=\n]+)?=[^=]")


@record
class Words:
    """The names of the classes in a file, and whether it may declare backrefs or map classes imperatively.

    `makes_sessions`: it may make sessions or factories; `says_otherwise`: and say of `expire_on_commit` what is not True;
    `reconfigures`: it tells that to a factory that was made already; `sets_state`: it puts something on the state of an application;
    `sqlmodel_sessions`: it names SQLModel's module of async sessions.
    """

    classes: frozenset[str]
    backref: bool
    imperative: bool
    makes_sessions: bool
    says_otherwise: bool
    reconfigures: bool
    sets_state: bool
    sqlmodel_sessions: bool


def words(data: bytes) -> Words:
    """The words of a file that holds `data`."""
    mentions = b"expire_on_commit" in data
    return Words(
        frozenset(name.decode("utf-8", "replace") for name in _CLASS.findall(data)),
        b"backref" in data,
        b"map_imperatively" in data or b"mapper(" in data,
        b"ession" in data and _MAKES.search(data) is not None,
        mentions and _OTHERWISE.search(data) is not None,
        mentions and _RECONFIGURES.search(data) is not None,
        b".state." in data and _SETS_STATE.search(data) is not None,
        b"sqlmodel.ext.asyncio" in data,
    )
