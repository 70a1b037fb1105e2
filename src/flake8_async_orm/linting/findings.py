"""From a source to its diagnostics."""

from __future__ import annotations

import ast
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from flake8_async_orm import codes
from flake8_async_orm.diagnostics import Diagnostic, Range, Related
from flake8_async_orm.edits import Fix
from flake8_async_orm.facts import AnalysisFailed, Fact
from flake8_async_orm.linting import known, unused
from flake8_async_orm.linting.unused import Silencer
from flake8_async_orm.project.reach import Reach
from flake8_async_orm.source import Source, SourceError
from flake8_async_orm.values import Site

if TYPE_CHECKING:
    from flake8_async_orm.config import Config
    from flake8_async_orm.project import Project
    from flake8_async_orm.rule import Finding, FixRequest, Rule

FAILED = codes.FAILED
#: of an expression over many lines only so many are kept to be shown
LINES_KEPT = 12
#: Python frames that interpreting a file may need; fits a stack of 8 MB on Python 3.10, which puts every frame on it
FRAMES = 6000

_reaches: WeakKeyDictionary[Project, tuple[tuple[str, ...], Reach]] = WeakKeyDictionary()


def interpret(source: Source, project: Project, config: Config) -> list[Fact]:
    # LibCST costs more to import than a small project costs to lint
    from flake8_async_orm import flow

    return flow.interpret(source, project, settings=flow.settings_of(config))


def registered() -> dict[str, Rule]:
    """Every rule by its code."""
    import flake8_async_orm.rules  # noqa: F401
    from flake8_async_orm.rule import REGISTRY

    return REGISTRY


def build(request: FixRequest, sources: Callable[[str], Source]) -> Fix | None:
    from flake8_async_orm import fixes

    return fixes.build(request, sources)


def lint(
    source: Source,
    project: Project,
    config: Config,
    parsed: bool = False,
    noqa: bool = True,
    fixes: bool = True,
) -> list[Diagnostic]:
    """The findings in `source`, in the order of the text, without those that are switched off, silenced, or known."""
    return examine(source, project, config, parsed, noqa, fixes)[0]


def examine(
    source: Source,
    project: Project,
    config: Config,
    parsed: bool = False,
    noqa: bool = True,
    fixes: bool = True,
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The new findings in `source`, and those that the baseline has, both in the order of the text.

    A file that cannot be analysed gives one AOR000 and nothing else. `parsed` says that somebody has already found the
    file to be Python, so that a file that cannot matter is not even looked at. Without `noqa`, flake8's comments silence
    nothing; without `fixes`, none are built. Raises only for defects of ours.
    """
    path = os.path.abspath(source.path)
    # calls are followed through functions, several frames of ours for each level of syntax
    sys.setrecursionlimit(max(sys.getrecursionlimit(), FRAMES))
    project.workspace.adopt(source)
    # the project may have parsed the same bytes already, and speaks of the file by this object's path
    there = project.workspace.source_at(path)
    if there is not None and there.data == source.data:
        source = there
    silencer = Silencer(source.text, noqa)
    try:
        with warnings.catch_warnings():
            # Python warns of odd literals in whatever it reads, theirs too
            warnings.simplefilter("ignore")
            if _matters(source, path, project, config, parsed):
                facts = interpret(source, project, config)
                diagnostics = _judge(source, project, config, facts, silencer, fixes)
            else:
                diagnostics = []
        diagnostics += _unused(source, config, silencer)
    except SourceError as error:
        diagnostics = [failed(source, error, config)]
    except (RecursionError, MemoryError):
        diagnostics = [failed(source, SourceError("the file is nested too deeply"), config)]
    return known.divided(_kept(diagnostics, source, config, silencer), config)


def _matters(source: Source, path: str, project: Project, config: Config, parsed: bool) -> bool:
    """Whether the file must be interpreted. Raises SourceError for one that is no Python, if nobody has parsed it."""
    # a file that cannot be decoded raises here, without being parsed
    source.encode("")
    if _reach(project, config).matters(path, source.data):
        return True
    if not parsed and not project.workspace.has_parsed(path):
        check_syntax(source)
    return False


def _reach(project: Project, config: Config) -> Reach:
    words = tuple(provider.name.rpartition(".")[2] for provider in config.session_providers)
    there = _reaches.get(project)
    if there is None or there[0] != words:
        there = _reaches[project] = (words, Reach(project, words))
    return there[1]


def check_syntax(source: Source) -> None:
    """Raise SourceError if the file is no Python, at a twelfth of what a parse into a tree with white space costs.

    What our Python refuses may be the syntax of a newer one: then the real parser has the word.
    """
    if not _is_our_python(source.data):
        source.module  # noqa: B018


def _is_our_python(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def failed(source: Source, error: SourceError, config: Config) -> Diagnostic:
    """The AOR000 for a file that cannot be read as Python."""
    start = source.offset(error.line, error.column)
    line, column = source.line_column(start)
    lines = tuple(source.lines[line - 1 : line])
    # the character at the place, or an empty range at the end of a line
    width = 1 if lines and column < len(lines[0]) else 0
    rule = registered()[FAILED]
    finding = rule.check(AnalysisFailed(Site(source.path, 0), error.reason, line, column))
    assert finding is not None
    return Diagnostic(
        code=FAILED,
        name=rule.name,
        message=finding.message,
        help=finding.help,
        path=source.path,
        start=start,
        end=start + width,
        line=line,
        column=column,
        end_line=line,
        end_column=column + width,
        source_lines=lines,
        severity=config.severity_of(FAILED),
    )


def unreadable(path: str, reason: str, config: Config) -> Diagnostic:
    """The AOR000 for a file that cannot even be read."""
    return failed(Source.from_text(path, ""), SourceError(f"{reason[:1].lower()}{reason[1:]}"), config)


def _judge(
    source: Source, project: Project, config: Config, facts: Iterable[Fact], silencer: Silencer, fixes: bool
) -> list[Diagnostic]:
    """What the rules say about facts, without what a comment silences."""
    rules: dict[type[Fact], list[Rule]] = {}
    for rule in registered().values():
        if config.enabled(rule.code, rule.default, rule.preview):
            for kind in rule.facts:
                rules.setdefault(kind, []).append(rule)
    findings: dict[tuple[str, Site], Finding] = {}
    for fact in facts:
        if isinstance(fact, AnalysisFailed):
            raise SourceError(fact.reason, fact.line, fact.column)
        for rule in rules.get(type(fact), ()):
            finding = rule.check(fact)
            if finding is not None and _same(finding.site.path, source.path):
                findings.setdefault((finding.code, finding.site), finding)
    if not findings:
        return []
    made = _Maker(source, project, config, fixes)
    kept = (made.diagnostic(finding, silencer) for finding in findings.values())
    return [diagnostic for diagnostic in kept if diagnostic is not None]


def _same(one: str, other: str) -> bool:
    return one == other or os.path.abspath(one) == os.path.abspath(other)


def _unused(source: Source, config: Config, silencer: Silencer) -> Iterator[Diagnostic]:
    row = codes.table()[unused.UNUSED]
    if config.enabled(row.code, row.default, row.preview) and silencer.suppressions.all:
        path = os.path.abspath(source.path)
        yield from unused.findings(source, silencer, config, path, registered()[row.code])


def _kept(diagnostics: list[Diagnostic], source: Source, config: Config, silencer: Silencer) -> list[Diagnostic]:
    path = os.path.abspath(source.path)
    wanted = [
        diagnostic
        for diagnostic in diagnostics
        if not config.ignored_in(path, diagnostic.code)
        and (diagnostic.code != FAILED or _failure_wanted(diagnostic, config, silencer))
    ]
    return sorted(wanted, key=lambda one: (one.start, one.end, one.code, one.message))


def _failure_wanted(diagnostic: Diagnostic, config: Config, silencer: Silencer) -> bool:
    return config.enabled(FAILED) and not silencer.silences(FAILED, diagnostic.name, diagnostic.line)


class _Maker:
    """Makes diagnostics of findings: the one place where sites become positions."""

    def __init__(self, source: Source, project: Project, config: Config, fixes: bool) -> None:
        self._source = source
        self._project = project
        self._config = config
        self._wants_fixes = fixes
        self._functions: list[tuple[int, int, str]] | None = None

    def diagnostic(self, finding: Finding, silencer: Silencer) -> Diagnostic | None:
        """The diagnostic of a finding; None if a comment silences it."""
        source = self._source
        start, end = source.span(finding.site.node)
        line, column = source.line_column(start)
        if silencer.silences(finding.code, finding.name, line):
            return None
        end_line, end_column = source.line_column(end)
        fixable = self._wants_fixes and finding.fixes and source.faithful
        fixes = tuple(self._fixes(finding.fixes)) if fixable else ()
        return Diagnostic(
            code=finding.code,
            name=finding.name,
            message=finding.message,
            help=finding.help,
            path=source.path,
            start=start,
            end=end,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            related=tuple(self._related(finding.related)),
            fixes=fixes,
            function=self._function(start, end),
            source_lines=tuple(source.lines[line - 1 : min(end_line, line - 1 + LINES_KEPT)]),
            severity=self._config.severity_of(finding.code),
            fix_ranges=tuple(self._ranges(fix) for fix in fixes),
        )

    def _source_of(self, path: str) -> Source:
        """Raises LookupError for a file that is not there."""
        if _same(path, self._source.path):
            return self._source
        found = self._project.workspace.source_at(os.path.abspath(path))
        if found is None:
            raise LookupError(path)
        return found

    def _related(self, related: Iterable[tuple[Site, str]]) -> Iterator[Related]:
        for site, text in related:
            try:
                source = self._source_of(site.path)
                start, end = source.span(site.node)
            except (LookupError, SourceError):
                continue
            line, column = source.line_column(start)
            end_line, end_column = source.line_column(end)
            yield Related(source.path, line, column, end_line, end_column, text, source.lines[line - 1])

    def _fixes(self, requests: Iterable[FixRequest]) -> Iterator[Fix]:
        titles: set[str] = set()
        for request in requests:
            fix = build(request, self._source_of)
            if fix is not None and fix.title not in titles:
                titles.add(fix.title)
                yield self._placed(fix, request)

    def _placed(self, fix: Fix, request: FixRequest) -> Fix:
        """The fix; of another file, as a suggestion that says which: only the file at hand is changed by itself."""
        site = request.sites[0]
        if site is None or _same(site.path, self._source.path):
            return fix
        edits = tuple(replace(edit, path=os.path.abspath(site.path)) for edit in fix.edits)
        return Fix(fix.title, edits, "suggestion")

    def _ranges(self, fix: Fix) -> tuple[Range, ...]:
        ranges = []
        for edit in fix.edits:
            source = self._source if edit.path is None else self._source_of(edit.path)
            ranges.append(Range(*source.line_column(edit.start), *source.line_column(edit.end)))
        return tuple(ranges)

    def _function(self, start: int, end: int) -> str:
        """The qualified name of the innermost function around a range."""
        if self._functions is None:
            self._functions = list(_functions(self._source))
        around = [(first, name) for first, last, name in self._functions if first <= start and end <= last]
        return max(around)[1] if around else ""


def _functions(source: Source) -> Iterator[tuple[int, int, str]]:
    """Every function as (start, end, qualified name)."""
    open_scopes: list[tuple[int, str]] = []
    for number, node in enumerate(source.nodes):
        kind = type(node).__name__
        if kind not in ("FunctionDef", "ClassDef"):
            continue
        start, end = source.span(number)
        while open_scopes and open_scopes[-1][0] <= start:
            open_scopes.pop()
        name = ".".join([*(name for _, name in open_scopes), node.name.value])  # type: ignore[attr-defined]
        open_scopes.append((end, node.name.value))  # type: ignore[attr-defined]
        if kind == "FunctionDef":
            yield start, end, name
