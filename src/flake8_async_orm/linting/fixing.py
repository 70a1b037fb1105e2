"""Fixes applied until nothing changes, each held to its guarantees.

A fix that breaks one is left out, and that is said: the result must be Python as the file was before, the mended finding
must be gone, and at the mended place there must be no new finding of the kind (an `await` too many, say). A value that was
mended may rightly raise the next finding, of another kind or of a longer expression. What stands outside the edits is the same because
nothing but the edits is made; that the file's coding still holds the text is checked.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_async_orm import edits
from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.edits import Edit, Fix
from flake8_async_orm.linting.findings import FAILED, examine
from flake8_async_orm.records import record
from flake8_async_orm.source import Source, SourceError

if TYPE_CHECKING:
    from flake8_async_orm.config import Config
    from flake8_async_orm.project import Project

ROUNDS = 10


@record
class FixResult:
    """What fixing a file came to.

    `text` is the new text, `data` the new bytes. `applied` are the codes and titles of the fixes that were made, in the
    order of the rounds; `remaining` the findings in the new text, `known` those in it that the baseline has. `withheld` says in one line each which fixes would have broken a
    guarantee; `refused` says why the file was not touched at all.
    """

    text: str
    data: bytes
    applied: tuple[tuple[str, str], ...] = ()
    remaining: tuple[Diagnostic, ...] = ()
    withheld: tuple[str, ...] = ()
    refused: str | None = None
    known: tuple[Diagnostic, ...] = ()


@record
class _Wanted:
    """A finding and the one of its fixes that is to be made."""

    diagnostic: Diagnostic
    fix: Fix

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells a fix from others though lines move."""
        diagnostic = self.diagnostic
        return diagnostic.code, diagnostic.function, " ".join(diagnostic.source_line.split()), self.fix.title


def fix(source: Source, project: Project, config: Config, unsafe: bool = False) -> FixResult:
    """Apply the safe fixes of `source` (with `unsafe`, the unsafe ones too), lint again, and so on for at most ten rounds.

    Nothing is written. While it runs the project sees the changed text; afterwards it sees `source` again.
    """
    try:
        return _Fixing(source, project, config, unsafe).run()
    finally:
        project.workspace.adopt(source)


class _Fixing:
    def __init__(self, source: Source, project: Project, config: Config, unsafe: bool) -> None:
        self._original = source
        self._project = project
        self._config = config
        self._unsafe = unsafe
        self._withheld: dict[tuple[str, str, str, str], str] = {}
        self._known: dict[bytes, list[Diagnostic]] = {}

    def run(self) -> FixResult:
        source = self._original
        diagnostics = self._lint(source)
        applied: list[tuple[str, str]] = []
        why: str | None
        if self._is_unfaithful(source, diagnostics):
            why = "its tree does not give back its text, so that no edit is safe"
            return self._result(source, applied, diagnostics, why)
        for _ in range(ROUNDS):
            step = self._step(source, diagnostics)
            if step is None:
                return self._result(source, applied, diagnostics)
            source, diagnostics, made = step
            applied += [(one.diagnostic.code, one.fix.title) for one in made]
        why = f"stopped after {ROUNDS} rounds, more could be fixed" if self._wanted(diagnostics) else None
        return self._result(source, applied, diagnostics, why)

    def _lint(self, source: Source) -> list[Diagnostic]:
        found, self._known[source.data] = examine(source, self._project, self._config)
        return found

    def _is_unfaithful(self, source: Source, diagnostics: list[Diagnostic]) -> bool:
        try:
            return any(one.code != FAILED for one in diagnostics) and not source.faithful
        except SourceError:
            return False

    def _result(
        self, source: Source, applied: list[tuple[str, str]], diagnostics: list[Diagnostic], why: str | None = None
    ) -> FixResult:
        data = source.data if applied else self._original.data
        text = source.text if applied else self._original.text
        known = tuple(self._known[source.data])
        remaining = tuple(map(self._offered, diagnostics))
        return FixResult(text, data, tuple(applied), remaining, tuple(self._withheld.values()), why, known)

    def _offered(self, diagnostic: Diagnostic) -> Diagnostic:
        """The finding with the fixes that may still be made: one that was withheld is not promised again."""
        if not self._withheld:
            return diagnostic
        pairs = zip(diagnostic.fixes, diagnostic.fix_ranges, strict=True)
        kept = [pair for pair in pairs if _Wanted(diagnostic, pair[0]).key not in self._withheld]
        return replace(diagnostic, fixes=tuple(fix for fix, _ in kept), fix_ranges=tuple(ranges for _, ranges in kept))

    def _wanted(self, diagnostics: Iterable[Diagnostic]) -> list[_Wanted]:
        found = ((one, one.fix(self._unsafe)) for one in diagnostics)
        wanted = [_Wanted(one, chosen) for one, chosen in found if chosen is not None]
        return [one for one in wanted if one.key not in self._withheld]

    def _step(
        self, source: Source, diagnostics: list[Diagnostic]
    ) -> tuple[Source, list[Diagnostic], list[_Wanted]] | None:
        """One round: everything that goes together and keeps its guarantees. None: nothing is left that does."""
        while together := _together(source.text, self._wanted(diagnostics)):
            sound = self._sound(source, diagnostics, together)
            if sound is not None:
                return sound
            # what was in the way is withheld now: others take its place
        return None

    def _sound(
        self, source: Source, diagnostics: list[Diagnostic], chosen: list[_Wanted]
    ) -> tuple[Source, list[Diagnostic], list[_Wanted]] | None:
        """The step with those of `chosen` that keep their guarantees; what does not even alone is withheld."""
        attempt = self._attempt(source, diagnostics, chosen)
        if isinstance(attempt, tuple):
            return (*attempt, chosen)
        if len(chosen) == 1:
            self._withhold(chosen[0], attempt)
            return None
        middle = len(chosen) // 2
        first = self._sound(source, diagnostics, chosen[:middle])
        second = self._sound(source, diagnostics, chosen[middle:])
        if first is None or second is None:
            return first or second
        both = [*first[2], *second[2]]
        # each half holds by itself; where both do not, the other half has the next round
        attempt = self._attempt(source, diagnostics, both)
        return (*attempt, both) if isinstance(attempt, tuple) else first

    def _withhold(self, one: _Wanted, why: str) -> None:
        place = f"{one.diagnostic.line}:{one.diagnostic.column + 1}"
        self._withheld[one.key] = f"{place}: {one.diagnostic.code}: the fix `{one.fix.title}` was left out: {why}"

    def _attempt(
        self, source: Source, diagnostics: list[Diagnostic], chosen: list[_Wanted]
    ) -> tuple[Source, list[Diagnostic]] | str:
        """The source with the `chosen` fixes made and its findings, or which guarantee does not hold."""
        text, _ = edits.apply(source.text, [one.fix for one in chosen])
        try:
            new = Source.from_bytes(source.path, source.encode(text))
            if new.text != text or (new.encoding, new.bom) != (source.encoding, source.bom):
                return "the file's coding would be another"
            new.module  # noqa: B018
        except SourceError as error:
            return f"the result would not be valid ({error.reason})"
        if _compiles(source.data) and not _compiles(new.data):
            return "the result would not be valid Python"
        after = self._lint(new)
        made = _made(chosen)
        fault = _broken(made, diagnostics, chosen, after)
        return (new, after) if fault is None else fault


def _together(text: str, wanted: list[_Wanted]) -> list[_Wanted]:
    """Those fixes that can be made in one go; equal fixes of several findings count once."""
    unique = {one.fix: one for one in reversed(wanted)}
    _, applied = edits.apply(text, unique)
    return [unique[chosen] for chosen in applied]


def _made(chosen: list[_Wanted]) -> list[Edit]:
    made: list[Edit] = []
    for one in chosen:
        made += [edit for edit in one.fix.edits if not (edit.mergeable and edit in made)]
    return sorted(made, key=lambda edit: (edit.start, edit.end))


def _compiles(data: bytes) -> bool:
    """Whether our Python takes the whole file, `await` outside of `async def` and the like included."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "<fixed>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


class _Moved:
    """Where the offsets of a text come to stand when `made` (in order) are made."""

    def __init__(self, made: list[Edit]) -> None:
        self._made = made

    def outer(self, start: int, end: int) -> tuple[int, int]:
        """The new range, with what is put in right at its ends."""
        return self._place(start, before=True), self._place(end, before=False)

    def inner(self, start: int, end: int) -> tuple[int, int]:
        """The new range, without what is put in right at its ends."""
        return self._place(start, before=False), self._place(end, before=True)

    def _place(self, offset: int, before: bool) -> int:
        shift = 0
        for edit in self._made:
            if edit.start > offset or (edit.start == offset and edit.start < edit.end):
                break
            if edit.start == edit.end == offset:
                if before:
                    break
            elif offset < edit.end:
                # inside what is replaced: its beginning or its end
                return edit.start + shift + (0 if before else len(edit.text))
            shift += len(edit.text) - (edit.end - edit.start)
        return offset + shift

    def new_ranges(self) -> list[tuple[int, int]]:
        """What was put in, as ranges of the new text."""
        shift = 0
        ranges = []
        for edit in self._made:
            start = edit.start + shift
            ranges.append((start, start + len(edit.text)))
            shift += len(edit.text) - (edit.end - edit.start)
        return ranges


def _broken(made: list[Edit], before: list[Diagnostic], chosen: list[_Wanted], after: list[Diagnostic]) -> str | None:
    """Which guarantee the findings `after` show to be broken, or None."""
    moved = _Moved(made)
    # a serialiser that misses two attributes misses the second when the first is loaded: that is another finding
    there = {(one.code, one.message, one.start, one.end) for one in after}
    for one in chosen:
        diagnostic = one.diagnostic
        ranges = (moved.outer(diagnostic.start, diagnostic.end), moved.inner(diagnostic.start, diagnostic.end))
        mixed = (*ranges, (ranges[0][0], ranges[1][1]), (ranges[1][0], ranges[0][1]))
        if any((diagnostic.code, diagnostic.message, *place) in there for place in mixed):
            return f"{diagnostic.code} would still be there"
    known = {
        (one.code, *place)
        for one in before
        for place in (moved.outer(one.start, one.end), moved.inner(one.start, one.end))
    }
    mended = [(one.diagnostic.code, moved.outer(one.diagnostic.start, one.diagnostic.end)) for one in chosen]
    put_in = moved.new_ranges()
    for new in after:
        if (new.code, new.start, new.end) in known:
            continue
        if any(start <= new.start and new.end <= end for start, end in put_in):
            return f"it would bring {new.code} ({new.message})"
        for code, (start, end) in mended:
            if code[:4] == new.code[:4] and start <= new.start and new.end <= end:
                return f"it would bring {new.code} ({new.message})"
    return None
