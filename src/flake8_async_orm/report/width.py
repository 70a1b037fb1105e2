"""How wide a text is on a terminal, and how to show one that may hold anything."""

from __future__ import annotations

import unicodedata

TAB = 4
#: marks that change the direction of the text around them: what is shown would not be what runs
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def visible(text: str) -> str:
    """The text with control characters and the like as visible signs; tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_sign, text))


def _sign(character: str) -> str:
    if character == "\t" or character.isprintable():
        return character
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    if character == "\x7f":
        return "\u2421"
    if character in _DIRECTIONS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
        return "\ufffd"
    return character


def columns(text: str, column: int = 0) -> int:
    """How many columns `text` takes if it begins at the 0-based `column`."""
    if text.isascii() and "\t" not in text:
        return len(text)
    start = column
    for character in text:
        column += TAB - column % TAB if character == "\t" else _width(character)
    return column - start


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def expanded(text: str) -> str:
    """The text with blanks for its tabs."""
    if "\t" not in text:
        return text
    pieces = []
    column = 0
    for character in text:
        width = columns(character, column)
        pieces.append(" " * width if character == "\t" else character)
        column += width
    return "".join(pieces)
