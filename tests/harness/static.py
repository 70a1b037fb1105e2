"""Compares what the linter says with what the comments of a fixture promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from harness.markers import Marked

LONGEST_MESSAGE = 200


class Diagnostic(Protocol):
    """The part of the linter's `Diagnostic` that is looked at; offsets are 0-based code points of the text."""

    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class Stated(Protocol):
    """A fact where it stands: its class, its fields as text, the text of a revelation."""

    @property
    def kind(self) -> str: ...
    @property
    def fields(self) -> dict[str, str]: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def line_of(text: str, offset: int) -> int:
    """The 1-based line of an offset; lines end as in a Python file."""
    return text[:offset].replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


def compare(marked: Marked, diagnostics: Sequence[Diagnostic], codes: frozenset[str]) -> list[str]:
    """What differs between the findings promised in the comments and the findings made, each with file and line."""
    complaints = [
        f"{marked.name}:{expected.line}: the marker's code {expected.code} is no rule's"
        for expected in marked.findings
        if expected.code not in codes
    ]
    missing = list(marked.findings)
    unexpected = []
    for found in diagnostics:
        line, text = line_of(marked.text, found.start), marked.under(found.start, found.end)
        partner = next((one for one in missing if one.matches(found.code, line, text)), None)
        if partner is not None:
            missing.remove(partner)
        else:
            unexpected.append((line, found.code, text, found.message))
    for line, code, text, message in unexpected:
        meant = next((one for one in missing if (one.line, one.code) == (line, code)), None)
        if meant is not None:
            missing.remove(meant)
            wanted = f"{meant.text} ..." if meant.cut else meant.text
            complaints.append(f"{marked.name}:{line}: {code} stands under `{text}`, not under `{wanted}`")
        else:
            reason = f" (silent because {marked.silent[line]})" if line in marked.silent else ""
            complaints.append(f"{marked.name}:{line}: unexpected {code} under `{text}`{reason}: {message}")
    complaints += [f"{marked.name}:{one.line}: no {one.code} under `{one.text}`" for one in missing]
    return complaints


def style(message: str) -> list[str]:
    """What is against the house style in a finding's message."""
    faults = {
        "it begins with a capital": message[:1].isupper(),
        "it ends with a full stop": message.endswith("."),
        f"it is longer than {LONGEST_MESSAGE} characters": len(message) > LONGEST_MESSAGE,
        "it has a line break": "\n" in message,
        "it is empty": not message.strip(),
        "its backticks are not paired": message.count("`") % 2 == 1,
    }
    return [f"{fault}: {message}" for fault, found in faults.items() if found]


def compare_facts(marked: Marked, stated: Sequence[Stated]) -> list[str]:
    """The `# reveals:` and `# fact:` comments against what the interpreter stated.

    Of the kinds of fact that the header names in `# facts:`, all must be marked; of the others, none is looked at.
    """
    complaints = []
    revealed: dict[int, list[str]] = {}
    for one in stated:
        if one.kind == "Revealed":
            revealed.setdefault(line_of(marked.text, one.start), []).append(one.fields["text"])
    for line, text in sorted(marked.reveals.items()):
        if revealed.get(line) != [text]:
            seen = " and ".join(revealed.get(line, [])) or "nothing"
            complaints.append(f"{marked.name}:{line}: it reveals {seen}, not {text}")
    kinds = {kind.strip() for kind in marked.header.get("facts", "").split(",") if kind.strip()}
    unlisted = sorted({expected.kind for expected in marked.facts} - kinds)
    if unlisted:
        complaints.append(f"{marked.name}: the header's `# facts:` does not name {', '.join(unlisted)}")
    missing = list(marked.facts)
    for one in stated:
        line, text = line_of(marked.text, one.start), marked.under(one.start, one.end)
        partner = next(
            (
                wanted
                for wanted in missing
                if (wanted.line, wanted.kind, wanted.text) == (line, one.kind, text)
                and all(one.fields.get(name) == value for name, value in wanted.fields)
            ),
            None,
        )
        if partner is not None:
            missing.remove(partner)
        elif one.kind in kinds:
            fields = ", ".join(f"{name}={value}" for name, value in one.fields.items())
            complaints.append(f"{marked.name}:{line}: unmarked {one.kind}({fields}) at `{text}`")
    complaints += [f"{marked.name}:{one.line}: no {one.kind} like this at `{one.text}`" for one in missing]
    return complaints
