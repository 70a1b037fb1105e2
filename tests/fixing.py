"""What the tests of fix builders share: a builder is run on a text, at sites that are named by their text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import libcst as cst

from flake8_async_orm.edits import apply
from flake8_async_orm.fixes import build
from flake8_async_orm.rule import FixRequest, Safety
from flake8_async_orm.source import Source
from flake8_async_orm.values import Site

PATH = "module.py"


def site(source: Source, text: str | None, kind: type[cst.CSTNode] = cst.BaseExpression) -> Site | None:
    """The first node of a kind that stands exactly where `text` does; `text#2` is the second place. None for None."""
    if text is None:
        return None
    found = re.fullmatch(r"(.*?)(?:#(\d+))?", text, re.DOTALL)
    assert found is not None
    places = list(_places(source, found[1], kind))
    assert places, f"no {kind.__name__} with the text {found[1]!r}"
    return places[int(found[2] or 1) - 1]


def _places(source: Source, text: str, kind: type[cst.CSTNode]) -> Iterator[Site]:
    for number, node in enumerate(source.nodes):
        if isinstance(node, kind) and source.text[slice(*source.span(number))] == text:
            yield Site(source.path, number)


def fixed(
    text: str,
    builder: str,
    sites: tuple[str | None, ...],
    words: tuple[str, ...] = (),
    safety: Safety = "safe",
    kinds: tuple[type[cst.CSTNode], ...] = (),
) -> tuple[str, str] | None:
    """The text after the fix and the fix's grade; None where the builder refuses."""
    source = Source.from_text(PATH, text)
    kinds += (cst.BaseExpression,) * (len(sites) - len(kinds))
    found = tuple(site(source, name, kind) for name, kind in zip(sites, kinds, strict=True))
    fix = build(FixRequest(builder, "Mend", safety, found, words), lambda path: {PATH: source}[path])
    if fix is None:
        return None
    after, applied = apply(source.text, [fix])
    assert applied == [fix]
    compile(after, PATH, "exec")
    return after, fix.safety


def code(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def in_function(body: str) -> str:
    return "async def f(session, q, engine):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"
