"""Comments that silence findings: flake8's `# noqa` and our own.

flake8 looks for `# noqa` by a regular expression in the row of a finding, strings included; rows that one token
or a backslash holds together count as one. We do just the same, so that every door gives the same answer. Our own
`# flake8-async-orm: ignore[...]` is looked for in comments only.
"""

from __future__ import annotations

import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Literal

from flake8_async_orm.records import record

Kind = Literal["noqa", "file-noqa", "ignore", "ignore-file"]

_WORD = re.compile(r"noqa|flake8-async-orm", re.IGNORECASE)
_CODES = r":\s?((?:[A-Z]+[0-9]+[,\s]*)+)"
_NOQA = re.compile(rf"# noqa(?:{_CODES})?", re.IGNORECASE)
_FILE_NOQA = re.compile(rf"\s*# flake8[:=]\s*noqa(?:{_CODES})?", re.IGNORECASE)
_OWN = re.compile(r"#\s*flake8-async-orm:\s*(ignore|ignore-file)\[([^\]#]*)\]")
_ITEM = re.compile(r"[^,\s]+")
_NEWLINE = re.compile(r"\r\n?|\n")


@record
class Item:
    """One code, prefix or name in a comment, and where it stands (0-based offsets in the text)."""

    text: str
    start: int
    end: int

    def fits(self, code: str, name: str) -> bool:
        """Whether it names the rule `code` (`name`)."""
        return code.startswith(self.text) or self.text == name


@record
class Suppression:
    """A comment, or a string that flake8 takes for one, that silences findings.

    It covers findings that start on the 1-based lines `first` to `last` (a whole file's: every line) and fit one of
    `items`; without items, every finding. `start` and `end` are the 0-based offsets of the directive (without a reason
    that follows), `line` is its line. `in_comment` is False for what stands inside a string: never edit that.
    """

    kind: Kind
    first: int
    last: int
    items: tuple[Item, ...]
    line: int
    start: int
    end: int
    in_comment: bool

    @property
    def whole_file(self) -> bool:
        return self.kind in ("file-noqa", "ignore-file")

    @property
    def flake8s(self) -> bool:
        """Whether other linters read it too."""
        return self.kind in ("noqa", "file-noqa")

    def silences(self, code: str, name: str, line: int) -> bool:
        """Whether a finding of the rule `code` (`name`) that starts on the 1-based `line` is silenced by this."""
        if not self.whole_file and not self.first <= line <= self.last:
            return False
        if not self.items and self.flake8s:
            return True
        return any(item.fits(code, name) for item in self.items)


class Suppressions:
    """All suppressions of one text, in the order in which they stand."""

    __slots__ = ("_by_line", "all")

    def __init__(self, found: Iterable[Suppression] = ()) -> None:
        self.all = tuple(found)
        self._by_line: dict[int, list[Suppression]] = {}
        for one in self.all:
            lines = [0] if one.whole_file else range(one.first, one.last + 1)
            for line in lines:
                self._by_line.setdefault(line, []).append(one)

    @classmethod
    def parse(cls, text: str, noqa: bool = True) -> Suppressions:
        """The suppressions of a file's text (without its byte order mark), flake8's only with `noqa`. Never raises."""
        found = _find(text) if _WORD.search(text) else []
        return cls(one for one in found if noqa or not one.flake8s)

    def matching(self, code: str, name: str, line: int) -> list[Suppression]:
        """Every suppression that silences a finding of `code` (`name`) which starts on the 1-based `line`."""
        near = [*self._by_line.get(0, ()), *self._by_line.get(line, ())]
        return [one for one in near if one.silences(code, name, line)]

    def covers(self, code: str, name: str, line: int) -> bool:
        """Whether a finding of `code` (`name`) which starts on the 1-based `line` is silenced."""
        return bool(self.matching(code, name, line))


class Rows:
    """The physical lines of a text with their offsets, the comments in them, and which rows belong together.

    `starts` are the 0-based offsets of the lines, `comments` are (1-based row, column, text).
    """

    def __init__(self, text: str) -> None:
        self.starts = [0, *(newline.end() for newline in _NEWLINE.finditer(text))]
        # one character for every newline, whatever it is in the file: `lines` are what flake8 sees
        self.lines = _NEWLINE.sub("\n", text).split("\n")
        self.comments: list[tuple[int, int, str]] = []
        self.groups: dict[int, tuple[int, int]] = {}
        self._tokenize()

    def _tokenize(self) -> None:
        lines = iter([line + "\n" for line in self.lines[:-1]] + self.lines[-1:])
        first, last = 0, 0
        try:
            for token in tokenize.generate_tokens(lambda: next(lines, "")):
                if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                    continue
                if token.type == tokenize.COMMENT:
                    self.comments.append((*token.start, token.string))
                first = min(first or token.start[0], token.start[0])
                last = max(last, token.end[0])
                if token.type in (tokenize.NL, tokenize.NEWLINE):
                    self.groups.update(dict.fromkeys(range(first, last + 1), (first, last)))
                    first, last = 0, 0
        except (tokenize.TokenError, SyntaxError, ValueError, RecursionError, MemoryError):
            # no Python, or one that is newer than ours: every row stands alone from here on
            return

    def group(self, row: int) -> tuple[int, int]:
        """The first and the last of the 1-based rows that stand together with `row`."""
        return self.groups.get(row, (row, row))

    def place(self, first: int, joined: str, index: int) -> tuple[int, int]:
        """The 1-based row, and the offset in the text, of an index into the rows from `first` on joined by newlines."""
        row = first + joined.count("\n", 0, index)
        column = index - (joined.rfind("\n", 0, index) + 1)
        return row, self.starts[row - 1] + column


def _find(text: str) -> list[Suppression]:
    rows = Rows(text)
    found = [*_flake8(rows), *_own(rows)]
    return sorted(found, key=lambda one: (one.start, one.end))


def _items(text: str, at: int) -> tuple[Item, ...]:
    return tuple(Item(item[0], at + item.start(), at + item.end()) for item in _ITEM.finditer(text))


def _flake8(rows: Rows) -> Iterator[Suppression]:
    comment_starts = sorted((row, column) for row, column, _ in rows.comments)

    def in_comment(row: int, column: int) -> bool:
        before = bisect_right(comment_starts, (row, column)) - 1
        return before >= 0 and comment_starts[before][0] == row

    def suppression(kind: Kind, first: int, last: int, joined: str, match: re.Match[str]) -> Suppression:
        at = match.start() + len(match[0]) - len(match[0].lstrip())
        row, start = rows.place(first, joined, at)
        end = rows.place(first, joined, match.start() + len(match[0].rstrip(", \t\r\n\f\v")))[1]
        items = _items(match[1], rows.place(first, joined, match.start(1))[1]) if match[1] else ()
        return Suppression(kind, first, last, items, row, start, end, in_comment(row, start - rows.starts[row - 1]))

    seen = set()
    for row, line in enumerate(rows.lines, start=1):
        if "noqa" not in line.lower():
            continue
        whole = _FILE_NOQA.match(line)
        if whole:
            yield suppression("file-noqa", row, row, line, whole)
        group = rows.group(row)
        if group in seen:
            continue
        seen.add(group)
        joined = "\n".join(rows.lines[group[0] - 1 : group[1]]) + "\n"
        first_match = _NOQA.search(joined)
        if first_match:
            yield suppression("noqa", *group, joined, first_match)


def _own(rows: Rows) -> Iterator[Suppression]:
    for row, column, comment in rows.comments:
        at = rows.starts[row - 1] + column
        for match in _OWN.finditer(comment):
            kind: Kind = "ignore-file" if match[1] == "ignore-file" else "ignore"
            if kind == "ignore-file" and rows.lines[row - 1][:column].strip():
                continue  # behind code it is not clear what it means
            first, last = rows.group(row)
            items = _items(match[2], at + match.start(2))
            yield Suppression(kind, first, last, items, row, at + match.start(), at + match.end(), True)
