"""Findings as SARIF 2.1.0, the format of code scanning services."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flake8_async_orm import __version__, codes
from flake8_async_orm.diagnostics import Diagnostic, Range
from flake8_async_orm.discovery import shown
from flake8_async_orm.edits import Fix
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.explain import explain
from flake8_async_orm.report.places import identified, slashed

_LEVELS = {"error": "error", "warning": "warning", "info": "note", "hint": "note"}
_ROOT = "%SRCROOT%"


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    found = sorted({one.code for one in diagnostics})
    driver = {
        "name": "flake8-async-orm",
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in found],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the directory in which the linter was started"}}},
        "results": [_result(one, fingerprint, found) for one, fingerprint in identified(diagnostics)],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _rule(code: str) -> dict[str, object]:
    """What a reader is told about a rule beside its findings."""
    import flake8_async_orm.rules  # noqa: F401
    from flake8_async_orm.rule import REGISTRY

    row = codes.table()[code]
    rule = REGISTRY.get(code)
    text = explain(row, rule, Paint(False))
    described: dict[str, object] = {
        "id": code,
        "name": "".join(word.capitalize() for word in row.name.split("-")),
        "shortDescription": {"text": row.summary},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"enabled": row.default, "level": "error"},
        "properties": {"tags": ["asyncio", "correctness", "sqlalchemy"], "precision": "high"},
    }
    if rule is not None:
        described["fullDescription"] = {"text": " ".join(rule.sections["Why"].split())}
    return described


def _result(one: Diagnostic, fingerprint: str, found: list[str]) -> dict[str, object]:
    place = Range(one.line, one.column, one.end_line, one.end_column)
    location = _location(one.path, place)
    if one.function:
        location["logicalLocations"] = [{"fullyQualifiedName": one.function, "kind": "function"}]
    result: dict[str, object] = {
        "ruleId": one.code,
        "ruleIndex": found.index(one.code),
        "level": _LEVELS[one.severity],
        "message": {"text": f"{one.message}\n{one.help}" if one.help else one.message},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    if one.related:
        result["relatedLocations"] = [
            {
                "id": number,
                **_location(other.path, Range(other.line, other.column, other.end_line, other.end_column)),
                "message": {"text": other.text},
            }
            for number, other in enumerate(one.related)
        ]
    if one.fixes:
        result["fixes"] = [_fix(one, fix, ranges) for fix, ranges in zip(one.fixes, one.fix_ranges, strict=True)]
    return result


def _fix(one: Diagnostic, fix: Fix, ranges: Sequence[Range]) -> dict[str, object]:
    changes: dict[str, list[dict[str, object]]] = {}
    for edit, place in zip(fix.edits, ranges, strict=True):
        path = one.path if edit.path is None else shown(edit.path)
        changes.setdefault(path, []).append({"deletedRegion": _region(place), "insertedContent": {"text": edit.text}})
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {"artifactLocation": _artifact(path), "replacements": replacements}
            for path, replacements in changes.items()
        ],
    }


def _location(path: str, place: Range) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": _region(place)}}


def _artifact(path: str) -> dict[str, str]:
    if os.path.isabs(path):
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(slashed(path), errors="surrogatepass"), "uriBaseId": _ROOT}


def _region(place: Range) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column + 1,
        "endLine": place.end_line,
        "endColumn": place.end_column + 1,
    }
