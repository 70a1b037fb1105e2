"""Findings divided into new ones and those that the baseline has."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flake8_async_orm import baseline
from flake8_async_orm.baseline import Baseline, Key

if TYPE_CHECKING:
    from flake8_async_orm.config import Config
    from flake8_async_orm.diagnostics import Diagnostic


def divided(diagnostics: list[Diagnostic], config: Config) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The new findings of one file, and the known ones. Of several that look alike the first ones are known.

    Raises BaselineError if the configuration's baseline cannot be read.
    """
    if config.baseline_path is None:
        return diagnostics, []
    known = baseline.load(config.baseline_path)
    left = Counter(known.counts)
    new: list[Diagnostic] = []
    old: list[Diagnostic] = []
    for one in diagnostics:
        key = key_of(one, known)
        left[key] -= 1
        (old if left[key] >= 0 else new).append(one)
    return new, old


def key_of(one: Diagnostic, known: Baseline) -> Key:
    """What a finding is called in a baseline."""
    return known.key(os.path.abspath(one.path), one.code, one.function, one.expression)


def counted(diagnostics: Iterable[Diagnostic], path: str) -> Counter[Key]:
    """The entries of a baseline at `path` (absolute) that has just these findings."""
    known = Baseline(path, {})
    return Counter(key_of(one, known) for one in diagnostics)


def pruned(known: Baseline, there: Counter[Key], judged: Callable[[str, str], bool]) -> Counter[Key]:
    """What of a baseline is still needed if just the findings `there` were made.

    `judged(path, code)` tells whether findings of the code were looked for in the file; what was not is kept.
    """
    root = os.path.dirname(known.path)
    kept: Counter[Key] = Counter()
    for key, count in known.counts.items():
        path = os.path.join(root, *key.path.split("/"))
        looked = judged(os.path.normpath(path), key.code) or not os.path.exists(path)
        kept[key] = min(count, there[key]) if looked else count
    return +kept
