"""Comments put on findings, so that they are not reported any more.

Nothing but comments may change, and what was silenced must be silent: where that does not hold the file stays as it was.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from flake8_async_orm import edits
from flake8_async_orm.edits import Edit
from flake8_async_orm.linting.findings import FAILED, examine, lint
from flake8_async_orm.linting.fixing import FixResult
from flake8_async_orm.linting.outcomes import Style
from flake8_async_orm.linting.unused import UNUSED
from flake8_async_orm.source import Source, SourceError
from flake8_async_orm.suppression import Rows, Suppression, Suppressions

if TYPE_CHECKING:
    from flake8_async_orm.config import Config
    from flake8_async_orm.diagnostics import Diagnostic
    from flake8_async_orm.project import Project

def silence(source: Source, project: Project, config: Config, style: Style) -> FixResult:
    """Put a comment on every finding in `source` but those that are about the whole file or about comments.

    Nothing is written. `remaining` are the findings that are reported all the same, `refused` says why nothing was done.
    """
    found, known = examine(source, project, config)
    wanted: dict[int, dict[str, None]] = {}
    for one in found:
        if one.code not in (FAILED, UNUSED):
            wanted.setdefault(one.line, {})[one.code if style == "noqa" else one.name] = None
    text = edits.replace(source.text, added(source.text, wanted, style))
    if text == source.text:
        why = "there is no place for a comment" if wanted else None
        return FixResult(source.text, source.data, remaining=tuple(found), refused=why, known=tuple(known))
    try:
        new = Source.from_bytes(source.path, source.encode(text))
        after, why = _checked(source, new, project, config, found)
    except SourceError as error:
        after, why = found, error.reason
    finally:
        project.workspace.adopt(source)
    if why is not None:
        return FixResult(source.text, source.data, remaining=tuple(found), refused=why, known=tuple(known))
    gone = Counter((one.code, one.name) for one in found) - Counter((one.code, one.name) for one in after)
    applied = tuple((code, f"Silence `{name}`") for code, name in sorted(gone.elements()))
    return FixResult(new.text, new.data, applied, tuple(after), known=tuple(known))


def _checked(
    source: Source, new: Source, project: Project, config: Config, found: list[Diagnostic]
) -> tuple[list[Diagnostic], str | None]:
    """The findings in the new source, and what speaks against it."""
    if _meaning(new) != _meaning(source):
        return found, "a comment would change the code"
    after = lint(new, project, config)
    if len(after) >= len(found):
        return found, "the findings would still be reported"
    return after, None


def _meaning(source: Source) -> str:
    """The code without its comments and positions. Raises SourceError for what our Python does not read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.dump(ast.parse(source.data))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise SourceError("this Python cannot read the file") from None


def added(text: str, wanted: Mapping[int, Mapping[str, None]], style: Style) -> Iterator[Edit]:
    """The edits that silence, on each 1-based line of `wanted`, what it is mapped to: codes, or names of rules."""
    rows = Rows(text)
    places: dict[int, dict[str, None]] = {}
    for line, words in wanted.items():
        # rows that one string holds together have one comment, behind the last of them
        places.setdefault(rows.group(line)[1], {}).update(words)
    there = [one for one in Suppressions.parse(text).all if one.kind == style]
    for row, words in sorted(places.items()):
        first, last = rows.group(row)
        known = next((one for one in there if (one.first, one.last) == (first, last)), None)
        if known is not None:
            yield from _extended(text, known, words)
            continue
        text_of_row = rows.lines[row - 1]
        end = rows.starts[row - 1] + len(text_of_row.rstrip())
        listed = ", ".join(words)
        yield Edit(end, end, f"  # noqa: {listed}" if style == "noqa" else f"  # flake8-async-orm: ignore[{listed}]")


def _extended(text: str, known: Suppression, words: Mapping[str, None]) -> Iterator[Edit]:
    """A comment that is there takes more words; what stands in a string cannot."""
    if not known.in_comment:
        return
    listed = ", ".join(words)
    if known.items:
        yield Edit(known.items[-1].end, known.items[-1].end, f", {listed}")
    elif not known.flake8s:
        place = known.start + text[known.start : known.end].index("[") + 1
        yield Edit(place, place, listed)
