"""The documentation that rules carry, as Markdown."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import flake8_async_orm.rules  # noqa: F401 (registers them)
from flake8_async_orm.cli.options import parser
from flake8_async_orm.config import READERS, Config
from flake8_async_orm.rule import REGISTRY, Rule

#: what `--fix` and its like do with a fix, in the order of trust
GRADES = {"safe": "`--fix`", "unsafe": "`--unsafe-fixes`", "display": "editor"}


@dataclass(frozen=True)
class Page:
    """The page of one rule, and what a table says of it."""

    code: str
    name: str
    summary: str
    fix: str
    on: bool
    text: str


def grade(report: str) -> str:
    """The best grade among the fixes of a JSON report, in words; empty where nothing is offered."""
    offered = {finding["fix"]["applicability"] for finding in json.loads(report) if finding.get("fix")}
    return next((words for name, words in GRADES.items() if name in offered), "")


def page(rule: Rule, linter: Callable[..., str]) -> Page:
    """`linter(source, *options)` gives what the command line prints about a source."""
    invalid, on = rule.sections["Invalid"], ("--extend-select", rule.code)
    fix = grade(linter(invalid, *on, "--output-format", "json"))
    facts = [
        "on by default" if rule.default else "off by default: select it by its code",
        *(["preview"] if rule.preview else []),
        f"since {rule.since}",
        f"fix: {fix}" if fix else "no fix",
    ]
    summary = rule.summary.rstrip(".")
    parts = [f"# {rule.code} {rule.name}", f"{summary}.", f"*{', '.join(facts)}*"]
    for title, body in rule.sections.items():
        parts += [f"## {title}", f"```python\n{body}\n```" if title in ("Invalid", "Valid") else body]
        if title == "Invalid":
            parts.append(f"```text\n{linter(invalid, *on).rstrip()}\n```")
    silence = f"`# flake8-async-orm: ignore[{rule.name}]` or `# noqa: {rule.code}` on its line."
    if rule.code != "AOR000":
        parts += ["## Silencing it", silence]
    return Page(rule.code, rule.name, summary, fix, rule.default, "\n\n".join(parts) + "\n")


def pages(linter: Callable[..., str]) -> list[Page]:
    """One page for each registered rule, in the order of the codes."""
    return [page(REGISTRY[code], linter) for code in sorted(REGISTRY)]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def rules_table(all_pages: Sequence[Page], folder: str) -> str:
    """All rules, linked to their pages in `folder` (ends with a slash)."""
    rows = [
        [f"[{one.code}]({folder}{one.code}.md)", one.name + ("" if one.on else " (off)"), one.summary, one.fix]
        for one in all_pages
    ]
    return table(["code", "name", "what it finds", "fix"], rows)


#: what each setting says, by its name in pyproject.toml
OPTIONS = {
    "select": "codes, prefixes or names to report",
    "ignore": "those not to report; of `select` and `ignore` the longer prefix decides",
    "extend-select": "added to `select`; the way to turn on a rule that is off by default",
    "per-file-ignores": "a table: pattern to list of codes",
    "exclude": "names and patterns of what is left out; a list of your own replaces the usual ones",
    "extend-exclude": "added to `exclude`",
    "src": "directories that modules are imported from, where the layout does not tell",
    "severity": "a table: code to `error`, `warning`, `info` or `hint`, for editors and reports",
    "baseline": "a file of findings that are known and left out; `--write-baseline` makes it",
    "cache-dir": "where what was found is kept for the next run; `.flake8_async_orm_cache` beside the file if not set",
    "preview": "turn on rules that are new",
    "required-version": "refuse to run as another version",
    "sqlalchemy-version": "the SQLAlchemy that the code is for: a version or a range (`2.0.36`, `>=1.4,<2.1`)",
    "expire-on-commit": "what holds for sessions whose factory is out of sight",
    "report-guesses": "take parameters of an `async def` for async sessions that are only named `session` or `…_session`",
    "maybe-paths": (
        "report also what is so on some ways through a function only: sessions that an exception leaves open (AOR305), writes "
        "that are not committed on every way (AOR404)"
    ),
    "session-providers": (
        "tables of what gives sessions out of sight: `name` (dotted), `gives` (async-session, session, async-connection, "
        "connection, async-engine, engine, async-factory, factory), `how` (call, await, context-manager, async-generator, "
        "decorator, attribute) and `expire-on-commit`"
    ),
}


def options_table() -> str:
    """All settings with their defaults. Raises ValueError where the settings are others than those described."""
    if undescribed := set(READERS) ^ OPTIONS.keys():
        raise ValueError(f"settings that are not described, or do not exist: {', '.join(sorted(undescribed))}")
    defaults = Config().settings()
    rows = [[f"`{name}`", shown(name, defaults[name]), text] for name, text in OPTIONS.items()]
    return table(["option", "default", "what it does"], rows)


def command_line() -> str:
    """Every option of the command, a table for each group."""
    parts = []
    for group in parser()._action_groups:
        actions = [action for action in group._group_actions if action.option_strings and action.help]
        if actions:
            rows = [[_called(action), str(action.help).replace("|", "or")] for action in actions]
            parts.append(f"### {str(group.title).capitalize()}\n\n{table(['option', 'what it does'], rows)}")
    return "\n\n".join(parts)


def _called(action: argparse.Action) -> str:
    value = f" {action.metavar or '|'.join(map(str, action.choices or ()))}".rstrip() if action.nargs != 0 else ""
    return ", ".join(f"`{name}{value}`" for name in reversed(action.option_strings))


def shown(name: str, value: object) -> str:
    """A default as TOML; a long list is not spelled out."""
    if name == "exclude":
        return "the usual ones"
    if value is None or value == () or value == {}:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"
