"""What a rule is and what it says.

A rule is a module in `flake8_async_orm.rules` with one `@rule(...)` function from one fact to a `Finding` or None.
The annotation of its first parameter, a class of `facts` or a union of some, is the subscription; the module's docstring is its documentation.
"""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Callable
from typing import Literal

from flake8_async_orm.facts import Fact
from flake8_async_orm.records import record
from flake8_async_orm.values import Site

Safety = Literal["safe", "unsafe", "suggestion"]
SECTIONS = ("Why", "Invalid", "Valid", "Limits", "See")


@record
class FixRequest:
    """A wish for an edit: the name of a builder in `fixes`, the sites it works on, and words it needs.

    The builder may lower `safety`, or refuse. Titles of one finding's requests differ: they are alternatives.
    """

    builder: str
    title: str
    safety: Safety
    sites: tuple[Site | None, ...] = ()
    words: tuple[str, ...] = ()


@record
class Finding:
    """What a rule says about a fact: `message` (lower case, no full stop), where, and how it came about."""

    message: str
    site: Site
    help: str = ""
    related: tuple[tuple[Site, str], ...] = ()
    fixes: tuple[FixRequest, ...] = ()
    code: str = ""
    name: str = ""


@record
class Rule:
    """A registered rule. `facts`: what it is asked about. `sections` are those of its docstring, by title; `summary` its first line."""

    code: str
    name: str
    facts: tuple[type[Fact], ...]
    check: Callable[[Fact], Finding | None]
    summary: str
    sections: dict[str, str]
    default: bool
    since: str
    preview: bool


class RuleError(TypeError):
    """A rule was written wrongly; the message names file, line and what to mend."""


REGISTRY: dict[str, Rule] = {}


def parse_docstring(text: str) -> tuple[str, dict[str, str]]:
    """Split a rule's docstring into its summary line and its sections (title -> body, dedented)."""
    summary, _, rest = inspect.cleandoc(text).partition("\n")
    sections: dict[str, str] = {}
    title = ""
    lines: list[str] = []
    for line in [*rest.splitlines(), "End:"]:
        heading = re.fullmatch(r"([A-Z][a-z]+):", line)
        if heading is None:
            lines.append(line)
            continue
        if title:
            sections[title] = inspect.cleandoc("\n" + "\n".join(lines)).strip("\n")
        title, lines = heading[1], []
    return summary, sections


def how_to_load(
    made: bool, option: str, attribute: str, session: str | None, instance: str | None = None, parameter: str = ""
) -> str:
    """What to write so that an attribute is loaded: no statement has loaded an instance that was `made`.

    `parameter`: it was loaded by a call that takes options by this one.
    """
    if parameter:
        return f"write `{parameter}=[{option}]` in the call that loads it"
    if not made:
        return f"write `.options({option})` on the statement"
    return f'write `await {session or "session"}.refresh({instance or "..."}, ["{attribute}"])` before'


def short_name(dotted: str) -> str:
    """What a message calls a function: `save` of `app.crud.save`, `Repo.save` of `app.crud.Repo.save`."""
    *rest, name = dotted.split(".")
    return f"{rest[-1]}.{name}" if rest and (rest[-1][:1].isupper() or rest[-1].endswith("sessionmaker")) else name


def rule(
    code: str, name: str, *, since: str, default: bool = True, preview: bool = False
) -> Callable[[Callable[..., Finding | None]], Callable[..., Finding | None]]:
    """Register the decorated function as the rule `code`. Raises RuleError where the house rules are broken."""

    def register(check: Callable[..., Finding | None]) -> Callable[..., Finding | None]:
        where = f"{check.__code__.co_filename}:{check.__code__.co_firstlineno}"

        def refuse(sentence: str) -> RuleError:
            return RuleError(f"{where}: {sentence}")

        if not re.fullmatch(r"AOR\d{3}", code):
            raise refuse(f"the code `{code}` is not AOR and three digits")
        if code in REGISTRY:
            raise refuse(f"the code `{code}` is taken by the rule `{REGISTRY[code].name}`")
        if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name):
            raise refuse(f"the name `{name}` is not in lower case with hyphens")
        parameters = list(inspect.signature(check).parameters.values())
        hints = typing.get_type_hints(check)
        hint = hints.get(parameters[0].name) if len(parameters) == 1 else None
        facts = typing.get_args(hint) or (hint,)
        if not all(isinstance(fact, type) and issubclass(fact, Fact) for fact in facts):
            raise refuse("the function takes exactly one parameter, annotated with a class of `facts`, or a union of some")
        module = sys.modules[check.__module__]
        summary, sections = parse_docstring(module.__doc__ or "")
        for section in SECTIONS:
            if not sections.get(section):
                raise refuse(f"the module's docstring has no section `{section}:`")

        def checked(found: Fact) -> Finding | None:
            finding = check(found)
            if finding is None:
                return None
            return Finding(
                finding.message, finding.site, finding.help, finding.related, finding.fixes, code=code, name=name
            )

        REGISTRY[code] = Rule(code, name, facts, checked, summary, sections, default, since, preview)
        return check

    return register
