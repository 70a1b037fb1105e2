"""Listeners of mapped attributes: putting a value into one runs them, and they may fill in others."""

from __future__ import annotations

import re

from flake8_async_orm.flow.frame import Frame

_NOTHING: frozenset[str] = frozenset()


def listened(frame: Frame, model: str) -> frozenset[str]:
    """The attributes of `model` that the module which declares it listens to."""
    return frame.program.once(("listened", model), lambda: _search(frame, model), _NOTHING)


def _search(frame: Frame, model: str) -> frozenset[str]:
    module, _, name = model.rpartition(".")
    source = frame.program.project.source(module)
    if source is None or "listen" not in source.text:
        return _NOTHING
    return frozenset(re.findall(rf"\blisten(?:s_for)?\(\s*{name}\.(\w+)", source.text))
