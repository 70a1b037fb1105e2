"""What a run does with baselines: one is written, entries that are gone are dropped, and what was left out is told."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator, Sequence

from flake8_async_orm import baseline, codes, writing
from flake8_async_orm.baseline import Key
from flake8_async_orm.config import Config
from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.discovery import shown
from flake8_async_orm.linting import known
from flake8_async_orm.linting.outcomes import Outcome
from flake8_async_orm.report.summary import counted

#: a file, what came of it, and the settings that hold for it
Judged = tuple[Outcome, Config]


def write(judged: Sequence[Judged], options: argparse.Namespace) -> Iterator[str]:
    """Make the baseline that `--write-baseline` asks for. Raises OSError. The lines tell what was done."""
    path = os.path.abspath(options.write_baseline)
    found = known.counted((one for outcome, _ in judged for one in outcome.diagnostics), path)
    _put(path, found)
    yield f"Wrote {counted(sum(found.values()), 'finding')} to {shown(path)}."


def settle(judged: Sequence[Judged], options: argparse.Namespace) -> Iterator[str]:
    """Tell what the baselines of a run have left out and what in them is gone; with `--prune-baseline`, drop that."""
    left_out = sum(len(outcome.known) for outcome, _ in judged)
    if left_out:
        yield f"{counted(left_out, 'known finding')} of the baseline left out."
    for path in dict.fromkeys(config.baseline_path for _, config in judged):
        if path is not None:
            yield from _pruned(path, [one for one in judged if one[1].baseline_path == path], options.prune_baseline)


def _pruned(path: str, judged: Sequence[Judged], drop: bool) -> Iterator[str]:
    there: Counter[Key] = Counter()
    configs: dict[str, Config] = {}
    for outcome, config in judged:
        there += known.counted(outcome.known, path)
        if outcome.crash is None and not any(one.code == codes.FAILED for one in _all(outcome)):
            configs[os.path.abspath(outcome.path)] = config

    def looked_for(file: str, code: str) -> bool:
        config, row = configs.get(file), codes.table().get(code)
        if config is None or row is None:
            return config is not None
        return config.enabled(code, row.default, row.preview) and not config.ignored_in(file, code)

    old = baseline.load(path)
    kept = known.pruned(old, there, looked_for)
    gone = sum(old.counts.values()) - sum(kept.values())
    if gone and drop:
        _put(path, kept)
        yield f"Dropped {counted(gone, 'finding')} from {shown(path)}."
    elif gone:
        yield f"{counted(gone, 'finding')} in {shown(path)} {'is' if gone == 1 else 'are'} gone; `--prune-baseline` drops them."


def _all(outcome: Outcome) -> tuple[Diagnostic, ...]:
    return (*outcome.diagnostics, *outcome.known)


def _put(path: str, counts: Counter[Key]) -> None:
    try:
        writing.put(path, baseline.dumps(counts).encode("ascii"))
    except writing.WriteError as error:
        raise OSError(str(error)) from None
