"""The table of codes: generated data, so that settings can be checked and codes listed without importing a rule."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from flake8_async_orm.records import record

PREFIX = "AOR"
#: a file could not be analysed
FAILED = "AOR000"


@record
class Code:
    """A row of the table. `default`: on unless it is switched off; `summary` is one line."""

    code: str
    name: str
    default: bool
    preview: bool
    summary: str


@lru_cache(maxsize=1)
def table() -> dict[str, Code]:
    """Every code, in order."""
    rows = json.loads(Path(__file__).with_name("codes.json").read_text("utf-8"))
    return {row["code"]: Code(**row) for row in rows}


@lru_cache(maxsize=256)
def resolve(text: str) -> str | None:
    """The code or prefix of codes that `text` (a code, a prefix or a rule's name) stands for; None if it is none of ours."""
    codes = table()
    for code in codes.values():
        if text in (code.code, code.name):
            return code.code
    is_prefix = text.startswith(PREFIX) and any(code.startswith(text) for code in codes)
    return text if is_prefix else None


def nearest(text: str) -> str | None:
    """The code or name that `text` was probably meant to be."""
    import difflib

    known = [word for code in table().values() for word in (code.code, code.name)]
    folded = {word.lower(): word for word in known}
    found = difflib.get_close_matches(text.lower(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def refusal(text: str) -> str:
    """One line for a `text` that is no code."""
    guess = nearest(text)
    return f"unknown code `{text}`" + (f"; did you mean `{guess}`?" if guess else "")
