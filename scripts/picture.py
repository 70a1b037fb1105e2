"""A picture of what a terminal shows: text with colours becomes an SVG that needs no font, no script and nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

COLUMNS = 100
#: of a letter, and of a line, in pixels
WIDTH, HEIGHT = 8.4, 19
MARGIN, BAR = 16, 36
BACKGROUND, FOREGROUND = "#1b1f27", "#d5dae3"
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79a8ff", "36": "#56d4dd"}
_ESCAPE = re.compile(r"\x1b\[([\d;]*)m")


class Run(NamedTuple):
    """Letters of one look, from a column on."""

    column: int
    text: str
    colour: str
    bold: bool


def lines(text: str) -> Iterator[list[Run]]:
    """The runs of each line, as a terminal of COLUMNS shows them: a longer line goes on below."""
    for line in text.split("\n"):
        runs: list[Run] = []
        column, colour, bold = 0, FOREGROUND, False
        pieces = _ESCAPE.split(line)
        for number, piece in enumerate(pieces):
            if number % 2:
                codes = piece.split(";")
                colour = next((COLOURS[code] for code in codes if code in COLOURS), FOREGROUND)
                bold = "1" in codes
                continue
            while piece:
                room = COLUMNS - column
                if not room:
                    yield runs
                    runs, column = [], 0
                    continue
                part, piece = piece[:room], piece[room:]
                runs.append(Run(column, part, colour, bold))
                column += len(part)
        yield runs


def svg(text: str, title: str) -> str:
    """The picture of a terminal with `text`, which may have escape sequences for colours, below a bar with `title`."""
    shown = list(lines(text.rstrip("\n")))
    width = round(COLUMNS * WIDTH + 2 * MARGIN)
    height = BAR + len(shown) * HEIGHT + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        "<style>text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre }</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
        *(f'<circle cx="{20 + 18 * n}" cy="18" r="5.5" fill="{c}"/>' for n, c in enumerate(("#ff5f57", "#febc2e", "#28c840"))),
        f'<text x="{width / 2:g}" y="22" fill="#8b93a1" text-anchor="middle">{escape(title)}</text>',
    ]
    for number, runs in enumerate(shown):
        y = BAR + number * HEIGHT + 14
        for run in runs:
            blanks = len(run.text) - len(run.text.lstrip(" "))
            word = run.text.strip(" ")
            if not word:
                continue
            # the length holds the columns together, whatever font there is
            place = f'x="{MARGIN + (run.column + blanks) * WIDTH:g}" y="{y}" textLength="{len(word) * WIDTH:g}"'
            weight = ' font-weight="bold"' if run.bold else ""
            parts.append(f'<text {place} fill="{run.colour}"{weight} xml:space="preserve">{escape(word, quote=False)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
