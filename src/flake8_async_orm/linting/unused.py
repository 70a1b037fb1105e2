"""Comments that silence findings: which of them did, and what is left of those that did not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_async_orm import codes
from flake8_async_orm.diagnostics import Diagnostic, Range
from flake8_async_orm.edits import Edit, Fix
from flake8_async_orm.facts import CommentSilencedNothing
from flake8_async_orm.suppression import Item, Suppression, Suppressions
from flake8_async_orm.values import Site

if TYPE_CHECKING:
    from flake8_async_orm.config import Config
    from flake8_async_orm.rule import Rule
    from flake8_async_orm.source import Source

UNUSED = "AOR901"


class Silencer:
    """The suppressions of one file, and what each has silenced so far. With `noqa` False those of flake8 do not count."""

    def __init__(self, text: str, noqa: bool) -> None:
        self._text = text
        self._noqa = noqa
        self._used: set[Item] = set()

    @cached_property
    def suppressions(self) -> Suppressions:
        return Suppressions.parse(self._text, self._noqa)

    def silences(self, code: str, name: str, line: int) -> bool:
        """Whether a finding of `code` (`name`) that starts on the 1-based `line` is silenced."""
        matching = self.suppressions.matching(code, name, line)
        self._used.update(item for one in matching for item in one.items if item.fits(code, name))
        return bool(matching)

    def unused(self, config: Config, path: str) -> Iterator[tuple[Suppression, tuple[Item, ...]]]:
        """The suppressions with what in them has silenced nothing, where it could have."""
        for one in self.suppressions.all:
            items = tuple(item for item in one.items if item not in self._used and _is_judged(item, one, config, path))
            if items and one.in_comment:
                yield one, items


def _is_judged(item: Item, suppression: Suppression, config: Config, path: str) -> bool:
    """Whether all that the item names is looked for in the file; what is no name of ours at all is nobody's."""
    if suppression.flake8s and not item.text.startswith(codes.PREFIX):
        return False
    rows = [row for row in codes.table().values() if item.fits(row.code, row.name)]
    return all(
        row.code != UNUSED
        and config.enabled(row.code, row.default, row.preview)
        and not config.ignored_in(path, row.code)
        for row in rows
    )


def findings(source: Source, silencer: Silencer, config: Config, path: str, rule: Rule) -> Iterator[Diagnostic]:
    """The findings of `rule` about the comments in the file at `path` (absolute)."""
    found = list(silencer.unused(config, path))
    for suppression, items in found:
        covering = silencer.suppressions.matching(rule.code, rule.name, suppression.line)
        if any(one is not suppression or _names(one, rule) for one in covering):
            continue
        unknown = next((codes.refusal(item.text) for item in items if codes.resolve(item.text) is None), "")
        fact = CommentSilencedNothing(Site(source.path, 0), tuple(item.text for item in items), unknown)
        finding = rule.check(fact)
        if finding is None:
            continue
        line, column = source.line_column(suppression.start)
        edit = removal(source.text, suppression, items)
        title = f"Drop {', '.join(f'`{item.text}`' for item in items)}"
        yield Diagnostic(
            code=rule.code,
            name=rule.name,
            message=finding.message,
            help=finding.help,
            path=source.path,
            start=suppression.start,
            end=suppression.end,
            line=line,
            column=column,
            end_line=line,
            end_column=column + suppression.end - suppression.start,
            source_lines=tuple(source.lines[line - 1 : line]),
            severity=config.severity_of(rule.code),
            fixes=(Fix(title, (edit,), "safe"),),
            fix_ranges=((Range(*source.line_column(edit.start), *source.line_column(edit.end)),),),
        )


def _names(suppression: Suppression, rule: Rule) -> bool:
    return any(item.text in (rule.code, rule.name) for item in suppression.items)


def removal(text: str, suppression: Suppression, items: tuple[Item, ...]) -> Edit:
    """The edit that takes `items` out of a suppression, and all of it if nothing else is in it."""
    kept = [item for item in suppression.items if item not in items]
    first, last = suppression.items[0], suppression.items[-1]
    if kept:
        separator = text[first.end : suppression.items[1].start]
        return Edit(first.start, last.end, separator.join(item.text for item in kept))
    start, end = suppression.start, suppression.end
    line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    line_end = min((at for at in (text.find("\r", end), text.find("\n", end)) if at >= 0), default=len(text))
    rest = text[end:line_end]
    if rest.strip():
        # a reason, or another comment: it stays, as a comment
        words = rest.lstrip(" \t,;:-")
        return Edit(start, line_end - len(words), "" if words.startswith("#") else "# ")
    before = text[line_start:start]
    if before.strip():
        return Edit(line_start + len(before.rstrip()), line_end, "")
    newline = "\r\n" if text.startswith("\r\n", line_end) else text[line_end : line_end + 1]
    return Edit(line_start, line_end + len(newline), "")
