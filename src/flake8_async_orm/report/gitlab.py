"""Findings as GitLab's Code Quality report."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.json_format import dumps
from flake8_async_orm.report.places import below, identified

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info", "hint": "info"}


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    return dumps([_issue(one, fingerprint) for one, fingerprint in identified(diagnostics)])


def _issue(one: Diagnostic, fingerprint: str) -> dict[str, object]:
    return {
        "type": "issue",
        "check_name": one.code,
        "description": f"{one.code} {one.message}",
        "categories": ["Bug Risk"],
        "severity": _SEVERITIES[one.severity],
        "fingerprint": fingerprint,
        "location": {
            "path": below("CI_PROJECT_DIR", one.path),
            "lines": {"begin": one.line, "end": one.end_line},
        },
    }
