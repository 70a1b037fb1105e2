"""What must hold of every mending of a file, looked at from outside: from the texts, the edits and another run."""

from __future__ import annotations

import io
import re
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unittest import mock

from flake8_async_orm import edits
from flake8_async_orm.config import Config
from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.edits import Edit, Fix
from flake8_async_orm.linting import findings, fixing
from flake8_async_orm.linting.fixing import FixResult
from flake8_async_orm.project import Project
from flake8_async_orm.source import Source


@dataclass(frozen=True)
class Round:
    """One text made of another one by edits, which are in order and all different."""

    before: str
    after: str
    edits: tuple[Edit, ...]

    def moved(self, offset: int) -> int | None:
        """Where a character of `before` stands in `after`; None for one that was replaced."""
        shift = 0
        for edit in self.edits:
            if edit.start > offset:
                break
            if edit.start <= offset < edit.end:
                return None
            shift += len(edit.text) - (edit.end - edit.start)
        return offset + shift

    def put_in(self) -> Iterator[tuple[int, int]]:
        """The ranges of `after` that were not there before."""
        shift = 0
        for edit in self.edits:
            yield edit.start + shift, edit.start + shift + len(edit.text)
            shift += len(edit.text) - (edit.end - edit.start)


@dataclass(frozen=True)
class Mending:
    """A file before and after, the findings before, and what was done in between."""

    source: Source
    before: tuple[Diagnostic, ...]
    result: FixResult
    rounds: tuple[Round, ...]


def mend(source: Source, project: Project, config: Config, unsafe: bool) -> Mending:
    """Fix a source in memory, with all that was tried on the way taken down."""
    before = tuple(findings.examine(source, project, config)[0])
    if all(one.fix(unsafe) is None for one in before):
        return Mending(source, before, FixResult(source.text, source.data, remaining=before), ())
    tried: dict[str, Round] = {}
    real = edits.apply

    def apply(text: str, chosen: Sequence[Fix]) -> tuple[str, list[Fix]]:
        new, applied = real(text, chosen)
        made: list[Edit] = []
        for fix in applied:
            made += [edit for edit in fix.edits if not (edit.mergeable and edit in made)]
        if new != text:
            tried.setdefault(new, Round(text, new, tuple(sorted(made, key=lambda one: (one.start, one.end)))))
        return new, applied

    with mock.patch.object(edits, "apply", apply):
        result = fixing.fix(source, project, config, unsafe)
    rounds: list[Round] = []
    text = result.text
    while text != source.text and text in tried and len(rounds) < len(tried):
        rounds.insert(0, tried[text])
        text = tried[text].before
    return Mending(source, before, result, tuple(rounds))


def broken(mending: Mending, project: Project, config: Config, unsafe: bool) -> Iterator[str]:
    """Which guarantees do not hold of a mending."""
    source, result = mending.source, mending.result
    if not result.applied:
        if result.data != source.data:
            yield "nothing was applied, and the bytes are others"
        return
    yield from _bytes(mending)
    if not compiles(result.data):
        yield "the result is no Python"
        return
    if not Source.from_bytes(source.path, result.data).faithful:
        yield "the result does not come out of the parser as it went in"
    gone = comments(source.data) - comments(result.data)
    if sum(gone.values()) > sum(title.startswith("Drop") for _, title in result.applied):
        yield f"comments are gone: {sorted(gone)}"
    yield from _findings(mending)
    again = fixing.fix(Source.from_bytes(source.path, result.data), project, config, unsafe)
    if again.data != result.data or again.applied:
        yield f"applied twice it makes {again.applied} besides"
    if [_key(one) for one in again.remaining] != [_key(one) for one in result.remaining]:
        yield "the findings that are left are others in another run"


def _bytes(mending: Mending) -> Iterator[str]:
    source, result = mending.source, mending.result
    text = source.text
    for one in mending.rounds:
        if one.before != text:
            yield "a round begins with another text than the one before it left"
        pieces, position = [], 0
        for edit in one.edits:
            if edit.start < position:
                yield f"edits overlap at {edit.start}"
            pieces += [text[position : edit.start], edit.text]
            position = edit.end
        text = "".join(pieces) + text[position:]
        if text != one.after:
            yield "something besides the edits has changed"
    if text != result.text:
        yield "the rounds do not lead to the result"
    bom = b"\xef\xbb\xbf"
    if result.data.startswith(bom) != source.data.startswith(bom):
        yield "the byte order mark is not as it was"
    if (b"\r\n" in source.data) and b"\n" in result.data.replace(b"\r\n", b"") and b"\n" not in source.data.replace(b"\r\n", b""):
        yield "there are newlines of another kind"


def _findings(mending: Mending) -> Iterator[str]:
    before = {(one.code, one.message, one.start): one for one in mending.before}
    titles = Counter(code for code, _ in mending.result.applied)
    after = Counter(one.code for one in mending.result.remaining)
    there = Counter(one.code for one in mending.before)
    for code in titles:
        if there[code] and after[code] >= there[code] and not _moved_on(code, mending):
            yield f"there are as many {code} as before"
    old = set()
    for code, message, start in before:
        place: int | None = start
        for one in mending.rounds:
            place = one.moved(place) if place is not None else None
        if place is not None:
            old.add((code, message, place))
    fresh = [one for one in mending.result.remaining if (one.code, one.message, one.start) not in old]
    if mending.rounds:
        for start, end in mending.rounds[-1].put_in():
            yield from (f"{one.code} is new in what was put in" for one in fresh if start <= one.start and one.end <= end)
    left = [one for one in mending.result.remaining if one.fix() is not None]
    if left and not mending.result.withheld and mending.result.refused is None:
        yield f"findings are left that have a safe fix: {[(one.code, one.line) for one in left]}"


def _moved_on(code: str, mending: Mending) -> bool:
    """Whether those that are left are other findings than the first ones: a mended value raised the next one."""
    return {(one.message, one.expression) for one in mending.result.remaining if one.code == code} != {
        (one.message, one.expression) for one in mending.before if one.code == code
    }


def _key(one: Diagnostic) -> tuple[str, int, int, str]:
    return one.code, one.start, one.end, one.message


def compiles(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "mended.py", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True


def comments(data: bytes) -> Counter[str]:
    # the tokenizer takes no carriage returns by themselves
    tokens = tokenize.tokenize(io.BytesIO(re.sub(rb"\r\n?", b"\n", data)).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)
