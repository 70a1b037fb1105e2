"""What a rule is about, from its docstring; and the table of codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flake8_async_orm.codes import Code
from flake8_async_orm.report.colour import Paint

if TYPE_CHECKING:
    from flake8_async_orm.rule import Rule


def explain(row: Code, rule: Rule | None, paint: Paint) -> str:
    """The documentation of a rule, as Markdown."""
    lines = [paint(f"# {row.name} ({row.code})", "bold"), "", (rule.summary if rule else row.summary)]
    if rule is None:
        return "\n".join(lines) + "\n"
    state = "on by default" if rule.default else "off unless it is selected"
    lines += ["", f"{state[:1].upper()}{state[1:]}, since {rule.since}{', in preview' if rule.preview else ''}."]
    for title, body in rule.sections.items():
        lines += ["", paint(f"## {title}", "bold"), ""]
        lines += ["```python", body, "```"] if title in ("Invalid", "Valid") else [body]
    return "\n".join(lines) + "\n"


def listing(rows: Mapping[str, Code], paint: Paint) -> str:
    """Every code with its name, whether it is on, and its summary."""
    width = max((len(row.name) for row in rows.values()), default=0)
    lines = [
        f"{paint(row.code, 'red', 'bold')}  {row.name.ljust(width)}  {'on ' if row.default else 'off'}  {row.summary}\n"
        for row in rows.values()
    ]
    return "".join(lines)


def code_rows(registry: Mapping[str, Rule]) -> list[dict[str, object]]:
    """The content of the table of codes, from the rules themselves."""
    return [
        {
            "code": rule.code,
            "name": rule.name,
            "default": rule.default,
            "preview": rule.preview,
            "summary": " ".join(rule.summary.split()),
        }
        for rule in sorted(registry.values(), key=lambda rule: rule.code)
    ]
