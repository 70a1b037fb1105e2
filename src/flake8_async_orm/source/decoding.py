"""Bytes to text, as Python reads a file: byte order mark, coding cookie, else UTF-8."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from flake8_async_orm.source.errors import SourceError

BOM = codecs.BOM_UTF8
_FOREIGN_BOMS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_NEWLINE = re.compile(rb"\r\n?|\n")


class Decoded(NamedTuple):
    """A decoded file: `text` is without the byte order mark and keeps its newlines."""

    text: str
    encoding: str
    bom: bool


def _position(data: bytes, offset: int, encoding: str) -> tuple[int, int]:
    """The 1-based line and 0-based column of a byte offset."""
    newlines = list(_NEWLINE.finditer(data, 0, offset))
    start = newlines[-1].end() if newlines else 0
    try:
        column = len(data[start:offset].decode(encoding, "replace"))
    except (LookupError, ValueError):
        column = offset - start
    return len(newlines) + 1, column


def cookie(data: bytes) -> tuple[str, int, int] | None:
    """The coding that one of the first two lines declares, with its 1-based line and 0-based column."""
    start = 0
    for number in (1, 2):
        newline = _NEWLINE.search(data, start)
        end = newline.start() if newline else len(data)
        line = data[start:end]
        found = _COOKIE.match(line)
        if found:
            return found[1].decode("ascii"), number, found.start(1)
        if newline is None or not _BLANK.match(line):
            return None
        start = newline.end()
    return None


def _normal(name: str) -> str:
    """The coding's name as Python compares it: every spelling of UTF-8 and Latin-1 is one."""
    folded = name.lower().replace("_", "-")
    if re.match(r"(utf-8|utf8)(?:$|-)", folded):
        return "utf-8"
    if re.match(r"(latin-1|iso-8859-1|iso-latin-1)(?:$|-)", folded):
        return "iso-8859-1"
    return name


def decode(data: bytes) -> Decoded:
    """Decode a file's bytes. Raises SourceError at the place that is wrong."""
    for mark, name in _FOREIGN_BOMS:
        if data.startswith(mark):
            raise SourceError(f"the file is in {name}, which Python does not read")
    bom = data.startswith(BOM)
    body = data[len(BOM) :] if bom else data
    declared = cookie(body)
    encoding = "utf-8" if declared is None else _normal(declared[0])
    if bom and declared is not None and encoding != "utf-8":
        raise SourceError(f"the coding `{declared[0]}` contradicts the UTF-8 byte order mark", declared[1], declared[2])
    if b"\0" in body:
        raise SourceError("the file holds a NUL byte", *_position(body, body.index(b"\0"), encoding))
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line, column = _position(body, error.start, encoding)
        raise SourceError(f"byte 0x{body[error.start]:02x} is not valid in {encoding}", line, column) from None
    except (LookupError, ValueError, SyntaxError, RuntimeError):
        # unknown, not from bytes to text (rot13), or one that fails in a way of its own (undefined, idna)
        name, line, column = declared or ("utf-8", 1, 0)
        raise SourceError(f"the coding `{name}` is unknown or no coding of text", line, column) from None
    if "\0" in text:
        raise SourceError("the file holds a NUL character")
    return Decoded(text, encoding, bom)


def decode_roughly(data: bytes) -> str:
    """Some text for a file that `decode` refuses, with which the place of the error can be shown. Never raises."""
    body = data.removeprefix(BOM)
    return body.decode("utf-8", "replace")


def encode(text: str, encoding: str, bom: bool) -> bytes:
    """The bytes of a file that holds `text`. Raises SourceError if the coding has not all its characters."""
    try:
        body = text.encode(encoding)
    except (LookupError, ValueError):
        raise SourceError(f"the text cannot be written in {encoding}") from None
    return BOM + body if bom else body
