"""What names a finding and its file for other programs: the same on every machine, and in every run."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from flake8_async_orm.diagnostics import Diagnostic


def slashed(path: str) -> str:
    """The path with slashes, whatever the system writes."""
    return path.replace(os.sep, "/")


def below(variable: str, path: str, environment: Mapping[str, str] = os.environ) -> str:
    """The path from the directory that an environment variable names, with slashes; as it is if it lies elsewhere."""
    root = environment.get(variable)
    if not root:
        return slashed(path)
    relative = os.path.relpath(os.path.abspath(path), os.path.abspath(root))
    return slashed(path if relative == os.pardir or relative.startswith(os.pardir + os.sep) else relative)


def identified(diagnostics: Sequence[Diagnostic]) -> Iterator[tuple[Diagnostic, str]]:
    """Each finding with a fingerprint that no other one has, and that stays when lines move: no line is in it."""
    seen: Counter[str] = Counter()
    for one in diagnostics:
        key = "\0".join((slashed(one.path), one.code, one.function, one.expression))
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        seen[digest] += 1
        yield one, f"{digest}:{seen[digest]}"
