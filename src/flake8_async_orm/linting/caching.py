"""Outcomes of earlier runs, wherever nothing has changed that they rest on.

What a run found rests on everything that it asked of the disk: files by their content, directories by their names, and what
was not there as well. All that is found in one run rests on all that was asked in it: this is more than each file needs, and
never too little. The settings, the linter itself and the libraries that it uses are part of the key.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import flake8_async_orm
from flake8_async_orm import consulted
from flake8_async_orm.cache import Cache
from flake8_async_orm.consulted import CHANGED, Consulted
from flake8_async_orm.diagnostics import Diagnostic, Range, Related
from flake8_async_orm.edits import Edit, Fix
from flake8_async_orm.linting.outcomes import Job, Outcome, Task

#: installed packages that have a say in what is found
_LIBRARIES = ("jinja2", "libcst", "sqlalchemy")
_NAMES = tuple(one.name for one in fields(Diagnostic))


def run(jobs: Sequence[Job], task: Task, processes: int, cache: Cache) -> Iterator[Outcome]:
    """The outcomes in the order of the jobs, as `batch.run` gives them for a task that only looks."""
    keys = _keys(jobs, task)
    there = _valid(cache, keys)
    missing = [job for job, key in zip(jobs, keys, strict=True) if key not in there]
    asked = Consulted()
    fresh = _fresh(missing, task, processes, asked)
    made: dict[str, bytes] = {}
    for key in keys:
        if key in there:
            yield there[key]
            continue
        outcome = next(fresh)
        if outcome.crash is None:
            made[key] = encode(outcome)
        yield outcome
    # a generator that is not asked on is not at its end
    next(fresh, None)
    if made and CHANGED not in asked.answers.values():
        cache.put(_packed(asked.answers), made)


def _fresh(jobs: Sequence[Job], task: Task, processes: int, asked: Consulted) -> Iterator[Outcome]:
    if not jobs:
        return iter(())
    # the linter costs more to import than many files to look up
    from flake8_async_orm.linting import batch

    return batch.run(jobs, task, processes, asked)


def _keys(jobs: Sequence[Job], task: Task) -> list[str]:
    """What tells the outcome of each job from every other one, but for the files of the project."""
    settings = []
    for config in task.configs:
        known = "" if config.baseline_path is None else consulted.now(f"f{config.baseline_path}")
        settings.append(f"{config!r}\0{known}")
    head = f"{fingerprint()}\0{os.getcwd()}"
    texts = (f"{head}\0{settings[job.config]}\0{os.path.abspath(job.path)}\0{job.path}" for job in jobs)
    return [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]


def _valid(cache: Cache, keys: Sequence[str]) -> dict[str, Outcome]:
    """The outcomes that are there, of generations that would be told the same today."""
    now: dict[str, str] = {}

    def holds(question: str, answer: str) -> bool:
        if question not in now:
            now[question] = consulted.now(question)
        return now[question] == answer

    rows = cache.get(keys)
    good: dict[int, bool] = {}
    found: dict[str, Outcome] = {}
    for key, (generation, payload) in rows.items():
        if generation not in good:
            answers = _unpacked(cache.answers(generation))
            good[generation] = answers is not None and all(holds(*item) for item in answers.items())
        outcome = decode(payload) if good[generation] else None
        if outcome is not None:
            found[key] = outcome
    return found


def _packed(answers: dict[str, str]) -> bytes:
    return zlib.compress(json.dumps(answers).encode("ascii"), 1)


def _unpacked(data: bytes | None) -> dict[str, str] | None:
    try:
        answers = None if data is None else json.loads(zlib.decompress(data))
    except (zlib.error, ValueError):
        return None
    return answers if isinstance(answers, dict) else None


# -- what findings also rest on ------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """This linter, this Python and the libraries: another fingerprint, other findings."""
    parts = [flake8_async_orm.__version__, sys.version]
    package = Path(flake8_async_orm.__file__).parent
    parts += [_stamp(path) for path in sorted(package.rglob("*.py*")) if path.suffix in (".py", ".pyd")]
    parts += [_stamp(path) for path in sorted(package.rglob("*.json"))]
    for name in _LIBRARIES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        parts.append(_stamp(origin))
        # versions stand in the names of these
        installed = consulted.listing(str(origin.parent.parent))
        parts += sorted(one for one in installed if one.lower().startswith(f"{name}-"))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _stamp(path: Path) -> str:
    status = path.stat()
    return f"{path}:{status.st_mtime_ns}:{status.st_size}"


# -- outcomes as bytes -----------------------------------------------------------------------------------------------------


def encode(outcome: Outcome) -> bytes:
    """An outcome that was only looked for: its path, findings, known findings and notes."""
    row = [outcome.path, *([astuple(one) for one in found] for found in (outcome.diagnostics, outcome.known))]
    return json.dumps([*row, outcome.notes], separators=(",", ":")).encode("ascii")


def decode(data: bytes) -> Outcome | None:
    """The outcome in `data`; None if it is not one."""
    try:
        path, new, known, notes = json.loads(data)
        outcome = Outcome(path, tuple(map(_diagnostic, new)), notes=tuple(notes), known=tuple(map(_diagnostic, known)))
    except (ValueError, TypeError, KeyError):
        return None
    return replace(outcome, cached=True)


def _diagnostic(row: list[Any]) -> Diagnostic:
    values = dict(zip(_NAMES, row, strict=True))
    values["related"] = tuple(Related(*one) for one in values["related"])
    values["fixes"] = tuple(Fix(title, tuple(Edit(*one) for one in edits), safety) for title, edits, safety in values["fixes"])
    values["source_lines"] = tuple(values["source_lines"])
    values["fix_ranges"] = tuple(tuple(Range(*one) for one in ranges) for ranges in values["fix_ranges"])
    return Diagnostic(**values)
