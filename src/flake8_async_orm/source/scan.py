"""An exact look at how deeply and at what length a text nests its expressions, without parsing it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

#: More brackets open at once than this, and the file is refused (Python's own limit is 200).
NESTING_LIMIT = 100
#: More operators, dots and calls in a row than this, and the file is refused.
CHAIN_LIMIT = 1000
#: More brackets open at once than this make a file doubtful.
NESTING = 10
#: More `elif` than this make a file doubtful.
ELIFS = 500
#: The estimated seconds of quadratic work from which a file is doubtful.
_SECONDS = 2.0
#: Seconds for one square of the links in a chain, at worst.
_SECONDS_PER_SQUARE = 1e-6
#: Seconds for a bracket in a pattern that is not nested; every level around it makes that so many times more.
_PATTERN_SECONDS = 6e-6
_PATTERN_GROWTH = 4

_CODE = re.compile(
    r"(?P<newline>\r\n?|\n)"
    r"|(?P<joined>\\(?:\r\n?|\n))"
    r"|(?P<comment>\#[^\r\n]*)"
    r"|(?P<prefix>(?<!\w)(?:[rR][bBfFtT]|[bBfFtT][rR]|[rRbBuUfFtT])|)(?P<quote>'''|\"\"\"|'|\")"
    r"|(?P<word>\w+)"
    r"|(?P<open>[(\[{])"
    r"|(?P<close>[)\]}])"
    r"|(?P<comma>,)"
    r"|(?P<colon>:)"
    r"|(?P<end>;)"
    r"|(?P<operator>[^\s\w])"
)
_STRING_REST = {
    "'": re.compile(r"[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*'?", re.DOTALL),
    '"': re.compile(r'[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*"?', re.DOTALL),
    "'''": re.compile(r"[^'\\]*(?:(?:\\.?|'(?!''))[^'\\]*)*(?:'''|\Z)", re.DOTALL),
    '"""': re.compile(r'[^"\\]*(?:(?:\\.?|"(?!""))[^"\\]*)*(?:"""|\Z)', re.DOTALL),
}
#: Up to the next brace, quote, backslash or newline of an f-string's text.
_TEXT = re.compile(r"[^{}'\"\\\r\n]*")
_LINKS = frozenset({"and", "or", "not", "if", "else", "lambda", "await", "in", "is", "for", "async", "yield", "from"})


def pattern_seconds(levels: int) -> float:
    """An estimate of the time that LibCST needs for a bracket in a pattern, under so many levels of brackets."""
    return _PATTERN_SECONDS * float(_PATTERN_GROWTH) ** levels


_Kind = Literal["bracket", "string", "field", "format"]


@dataclass(slots=True)
class Scan:
    """What was found: `refused` is a reason and an offset, `doubtful` the offset of a statement that needs a trial."""

    refused: tuple[str, int] | None = None
    doubtful: int | None = None


@dataclass(slots=True)
class _Level:
    """An open bracket, the text of an f-string, a field in it, or the format of a field.

    `quote` is that of the f-string, `raw` whether it is a raw one. `links` is the length of the chain so far.
    """

    kind: _Kind
    quote: str = ""
    raw: bool = False
    links: int = 0


class _Scanner:
    """Goes through a text once. `levels` are what is open; code outside of everything is a level, too."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found = Scan()
        self.levels = [_Level("bracket")]
        self.nesting = 0
        self.statement = 0
        self.first_word: str | None = None
        self.squares = 0
        self.pattern_seconds = 0.0
        self.elifs = 0

    def run(self) -> Scan:
        position = 0
        while position < len(self.text) and self.found.refused is None:
            level = self.levels[-1]
            if level.kind in ("string", "format"):
                position = self.literal(position, level)
            else:
                position = self.code(position, level)
        while len(self.levels) > 1:
            self.pop()
        self.settle()
        seconds = self.squares * _SECONDS_PER_SQUARE + self.pattern_seconds
        if seconds > _SECONDS or self.elifs > ELIFS:
            self.doubt()
        return self.found

    def refuse(self, reason: str, offset: int) -> None:
        if self.found.refused is None:
            self.found.refused = (reason, offset)

    def doubt(self) -> None:
        if self.found.doubtful is None:
            self.found.doubtful = self.statement

    def link(self, offset: int) -> None:
        level = self.levels[-1]
        level.links += 1
        if level.links > CHAIN_LIMIT:
            self.refuse(f"more than {CHAIN_LIMIT} operators, dots or calls follow each other in one expression", offset)

    def settle(self) -> None:
        """A chain ends, and what it costs is counted."""
        level = self.levels[-1]
        self.squares += level.links * level.links
        level.links = 0

    def push(self, level: _Level, offset: int) -> None:
        self.levels.append(level)
        if level.kind in ("bracket", "field"):
            self.nesting += 1
            if self.nesting > NESTING_LIMIT:
                self.refuse(f"more than {NESTING_LIMIT} brackets are open at once", offset)
            if self.nesting > NESTING:
                self.doubt()
            if self.first_word == "case":
                self.pattern_seconds += pattern_seconds(self.nesting)

    def pop(self) -> _Level:
        self.settle()
        level = self.levels.pop()
        self.nesting -= level.kind in ("bracket", "field")
        return level

    def literal(self, position: int, level: _Level) -> int:
        """The text of an f-string or of a format, up to and with the next thing that matters."""
        position = _TEXT.match(self.text, position).end()  # type: ignore[union-attr]  # matches nothing at least
        rest = self.text[position : position + 3]
        if not rest:
            return position
        first, pair = rest[0], rest[:2]
        if rest.startswith(level.quote):
            self.end_string()
            return position + len(level.quote)
        if first in "\r\n" and len(level.quote) == 1:
            self.end_string()
            return position
        if first == "\\":
            return position + (1 if pair[1:] in ("{", "}") or (level.raw and pair[1:] not in ("'", '"')) else 2)
        if level.kind == "string" and pair in ("{{", "}}"):
            return position + 2
        if first == "{":
            self.push(_Level("field", level.quote, level.raw), position)
        elif first == "}" and level.kind == "format":
            self.pop()
            self.pop()
        return position + 1

    def end_string(self) -> None:
        """The quote of the innermost f-string is met in its text: all that is open in it ends."""
        while self.pop().kind != "string":
            pass

    def code(self, position: int, level: _Level) -> int:
        """One token of code."""
        match = _CODE.search(self.text, position)
        if match is None:
            return len(self.text)
        kind, offset = match.lastgroup, match.start()
        if kind == "quote":
            return self.string(match)
        if kind == "word":
            self.word(match[0], offset)
        elif kind == "open":
            self.link(offset)
            self.push(_Level("bracket"), offset)
        elif kind == "close":
            if len(self.levels) > 1 and (level.kind == "bracket" or match[0] == "}"):
                self.pop()
        elif kind == "comma":
            self.settle()
        elif kind == "colon":
            if level.kind == "field":
                self.push(_Level("format", level.quote, level.raw), offset)
        elif kind == "operator":
            self.link(offset)
        elif kind == "end" or (kind == "newline" and len(self.levels) == 1):
            self.settle()
            self.statement = match.end()
            self.first_word = None
        return match.end()

    def word(self, word: str, offset: int) -> None:
        if self.first_word is None:
            self.first_word = word
            self.statement = offset
            self.elifs += word == "elif"
        if word in _LINKS:
            self.link(offset)

    def string(self, match: re.Match[str]) -> int:
        prefix, quote = match["prefix"].lower(), match["quote"]
        self.link(match.start())
        if "f" in prefix or "t" in prefix:
            self.push(_Level("string", quote, "r" in prefix), match.start())
            return match.end()
        return _STRING_REST[quote].match(self.text, match.end()).end()  # type: ignore[union-attr]  # as above


def scan(text: str) -> Scan:
    """Look at the whole of `text`, or up to the first thing for which it is refused."""
    return _Scanner(text).run()
