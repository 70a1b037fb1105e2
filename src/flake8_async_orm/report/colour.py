"""Colour on terminals, by a handful of escape sequences."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO

CODES = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36", "bold": "1", "dim": "2"}


def wanted(choice: str, stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether to write in colour: the choice (always, never, auto), then NO_COLOR, FORCE_COLOR or CLICOLOR_FORCE, then the stream."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if environment.get(name, "0") not in ("", "0"):
            return True
    try:
        return stream.isatty() and environment.get("TERM") != "dumb"
    except ValueError:
        return False


class Paint:
    """Puts colours on texts, or leaves them as they are."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, text: str, *styles: str) -> str:
        if not self.on or not text:
            return text
        return f"\x1b[{';'.join(CODES[style] for style in styles)}m{text}\x1b[0m"
