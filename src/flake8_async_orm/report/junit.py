"""Findings as failed tests, in the XML that came from JUnit: a suite for each file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.places import slashed
from flake8_async_orm.report.width import visible

_NAME = "flake8-async-orm"


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', _opened("testsuites", diagnostics, _NAME)]
    for path, group in groupby(diagnostics, key=lambda one: one.path):
        found = list(group)
        lines.append(_opened("testsuite", found, slashed(path)))
        lines += [line for one in found for line in _case(one)]
        lines.append("</testsuite>")
    if not diagnostics:
        # a report without any test counts as one that was lost
        lines.append('<testsuite name="flake8-async-orm" tests="1" failures="0" errors="0" skipped="0" time="0">')
        lines.append('<testcase name="no findings" classname="flake8-async-orm" time="0"/>')
        lines.append("</testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _opened(tag: str, found: Sequence[Diagnostic], name: str) -> str:
    skipped = ' skipped="0"' if tag == "testsuite" else ""
    counts = f'tests="{len(found) or 1}" failures="{len(found)}" errors="0"{skipped} time="0"'
    return f"<{tag} name={_quoted(name)} {counts}>"


def _case(one: Diagnostic) -> Iterator[str]:
    path = slashed(one.path)
    title = f"{one.code} {one.name} ({one.line}:{one.column + 1})"
    classname = path.rpartition(".")[0].replace("/", ".") or path
    yield (
        f"<testcase name={_quoted(title)} classname={_quoted(classname)} "
        f'file={_quoted(path)} line="{one.line}" time="0">'
    )
    text = [f"{path}:{one.line}:{one.column + 1}: {one.code} {one.message}", one.help, *one.source_lines[:1]]
    body = "\n".join(escape(visible(line)) for line in text if line)
    yield f"<failure type={_quoted(one.severity)} message={_quoted(one.message)}>{body}</failure>"
    yield "</testcase>"


def _quoted(text: str) -> str:
    return quoteattr(visible(text))
