"""Version conditions of fixture comments: `1.4` (and everything below it), `>=2.0`, `>=2.0,<2.1`."""

from __future__ import annotations

import operator
import re

OPERATORS = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
CLAUSE = re.compile(r"(>=|<=|==|!=|>|<)?\s*(\d+(?:\.\d+)*)")


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: `2.1.0b1` gives (2, 1, 0)."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def well_formed(condition: str) -> bool:
    return all(CLAUSE.fullmatch(clause.strip()) for clause in condition.split(","))


def satisfies(version: str, condition: str) -> bool:
    """Whether `version` meets every clause of `condition`; a bare number means that version and its patch releases."""
    for clause in condition.split(","):
        found = CLAUSE.fullmatch(clause.strip())
        if found is None:
            raise ValueError(f"not a version condition: {condition!r}")
        wanted = numbers(found[2])
        have = numbers(version)[: len(wanted)]
        if not OPERATORS[found[1] or "=="](have, wanted):
            return False
    return True
