"""What may be given to the parser.

LibCST's native parser kills the process when brackets or operators are nested too deeply, takes time that is quadratic
in the length of a chain, and exponential in the depth of a `match` pattern. So every file gets a quick look, which
costs a hundredth of its parse and lets nothing dangerous by. The few files that it cannot clear get an exact look
(`scan`), and the few of those that are odd but not hopeless a trial in a process of their own (`trial`).
"""

from __future__ import annotations

import re

from flake8_async_orm.source.errors import SourceError
from flake8_async_orm.source.lines import Lines
from flake8_async_orm.source.scan import ELIFS, NESTING, pattern_seconds, scan
from flake8_async_orm.source.trial import survives

#: The most punctuation that is parsed: LibCST spends about 30 microseconds for each.
PUNCTUATION_LIMIT = 200_000
#: The estimated seconds of quadratic work from which a file is looked at exactly.
_SECONDS = 1.0
#: Seconds for one square of the characters in a statement, at worst.
_SECONDS_PER_SQUARE = 1e-7
#: Statements of fewer characters cannot add up to anything.
_SHORT = 100
#: More opening brackets than this in one f-string, and it is looked at exactly.
_FIELD_BRACKETS = 16

# Every alternative matches whatever follows its first character, so that no text makes the search go back.
_STRING = re.compile(
    rb"#[^\n]*"
    rb"|'''[^'\\]*(?:(?:\\.?|'(?!''))[^'\\]*)*(?:'''|\Z)"
    rb'|"""[^"\\]*(?:(?:\\.?|"(?!""))[^"\\]*)*(?:"""|\Z)'
    rb"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?"
    rb'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"?',
    re.DOTALL,
)
_ALL = bytes(range(256))
_NO_BRACKETS = _ALL.translate(None, b"()[]{}")
_NO_BRACKETS_OR_NEWLINE = _ALL.translate(None, b"()[]{}\n")
_ONE_KIND = bytes.maketrans(b"[{]}", b"(())")
_NO_PUNCTUATION = bytes(
    byte for byte in range(256) if not chr(byte).isascii() or chr(byte).isalnum() or chr(byte) in " \t\f_"
)
_CASE = re.compile(rb"^[ \t\f]*case\b", re.MULTILINE)


class _DoubtfulError(Exception):
    """The quick look cannot tell."""


def check(text: str, size_limit: int) -> None:
    """Refuse, with a SourceError, a text that could kill the parser or keep it busy for long."""
    code = text.encode("utf-8", "surrogatepass")
    if len(code) > size_limit:
        raise SourceError(f"the file is larger than {size_limit} bytes")
    try:
        clear = _is_clear(code)
    except _DoubtfulError:
        clear = False
    if clear:
        return
    result = scan(text)
    if result.refused is not None:
        reason, offset = result.refused
        raise SourceError(reason, *Lines(text).line_column(offset))
    if result.doubtful is not None and not survives(text):
        place = Lines(text).line_column(result.doubtful)
        raise SourceError("the code is too intricate to be parsed in reasonable time", *place)


def _is_clear(code: bytes) -> bool:
    """Whether the parser is surely safe and quick. Raises SourceError or _DoubtfulError if not."""
    if b"\r" in code:
        code = code.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    code = _without_strings(code)
    if len(code.translate(None, _NO_PUNCTUATION)) > PUNCTUATION_LIMIT:
        raise SourceError("the file holds too much code")
    levels = _levels(code)
    if levels is None or levels > NESTING or code.count(b"elif") > ELIFS:
        return False
    seconds = _chain_seconds(code)
    if _CASE.search(code):
        brackets = code.count(b"(") + code.count(b"[") + code.count(b"{")
        seconds += brackets * pattern_seconds(levels)
    return seconds < _SECONDS


def _without_strings(code: bytes) -> bytes:
    """`code` without strings and comments. Raises _DoubtfulError for an f-string with much code or strings inside."""

    def leave_out(match: re.Match[bytes]) -> bytes:
        start = match.start()
        if start and code[start - 1] in b"fFtTrR":
            text = match[0].replace(b"{{", b"").replace(b"}}", b"")
            fields = text.count(b"{")
            # a field that is left open ends in a string inside of it, which is as long as the outer one to us
            if fields != text.count(b"}") or fields + text.count(b"(") + text.count(b"[") > _FIELD_BRACKETS:
                raise _DoubtfulError
        return b""

    return _STRING.sub(leave_out, code)


def _levels(code: bytes) -> int | None:
    """How deeply brackets are nested, but no more than one above NESTING; None if they do not match."""
    brackets = code.translate(None, _NO_BRACKETS)
    levels = 0
    while brackets and levels <= NESTING:
        inside = len(brackets)
        brackets = brackets.replace(b"()", b"").replace(b"[]", b"").replace(b"{}", b"")
        if len(brackets) == inside:
            return None
        levels += 1
    return levels


def _chain_seconds(code: bytes) -> float:
    """An upper bound for the time that chains in the statements of `code` can take."""
    code = code.replace(b"\\\n", b"")
    brackets = code.translate(_ONE_KIND, _NO_BRACKETS_OR_NEWLINE).split(b"\n")
    sizes = map(len, code.translate(None, b" \t\f").split(b"\n"))
    squares = depth = size = 0
    for line, more in zip(brackets, sizes, strict=True):
        size += more
        if line:
            depth += line.count(b"(") - line.count(b")")
        if depth <= 0:
            if size > _SHORT:
                squares += size * size
            depth = size = 0
    return (squares + size * size) * _SECONDS_PER_SQUARE
