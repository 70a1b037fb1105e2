"""What a fixture file says about itself in its comments.

Lines are 1-based. Nothing is executed here; a comment that cannot be understood becomes a sentence in `problems`, and a
file with problems fails its tests.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from dataclasses import dataclass, field

from harness.versions import satisfies, well_formed

HEADER_WORDS = ("versions", "python", "requires", "settings", "facts", "twin")
WORDS = (*HEADER_WORDS, "runtime", "oracle", "reveals", "fact", "ok")
FINDING = re.compile(r"(AOR\d{3}): (\S.*)", re.DOTALL)
FACT = re.compile(r"(\w+)(?:\((.*?)\))?: (\S.*)")
EXCEPTION = re.compile(r"[A-Z]\w+")
QUALNAME = re.compile(r"[\w.<>]+")
VARIANT = re.compile(r"\[([^\[\]:]+):([^\[\]]+)\]")
GIVEN = ("AsyncSession", "AsyncEngine", "AsyncConnection", "async_sessionmaker", "async_scoped_session", "sessionmaker")
FILLABLE = re.compile(rf"\b({'|'.join(GIVEN)})\b")


@dataclass(frozen=True)
class Oracle:
    """What a run must show. `kind`: ok, raises, never awaited, leaked connection; `name`: the class or the qualname."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return {"raises": self.name, "never awaited": f"never awaited {self.name}"}.get(self.kind, self.kind)


@dataclass(frozen=True)
class Scenario:
    """A top-level coroutine function with an oracle. `parameters`: (name, source of annotation) of what is given."""

    name: str
    line: int
    end_line: int
    oracle: Oracle
    variants: tuple[tuple[str, Oracle], ...]
    parameters: tuple[tuple[str, str], ...]
    elsewhere: bool = False

    def oracle_for(self, version: str) -> Oracle:
        """The oracle that holds under the SQLAlchemy `version`."""
        return next((oracle for condition, oracle in self.variants if satisfies(version, condition)), self.oracle)


@dataclass(frozen=True)
class Expected:
    """A finding that must be there: it starts on `line`, ends on `end_line`, and `text` stands under it.

    White space in `text` is collapsed; `cut` says that only its beginning is given.
    """

    line: int
    end_line: int
    code: str
    text: str
    cut: bool = False

    def matches(self, code: str, line: int, text: str) -> bool:
        if (code, line) != (self.code, self.line):
            return False
        return text.startswith(self.text) if self.cut else text == self.text


@dataclass(frozen=True)
class ExpectedFact:
    """A fact of class `kind` that starts on `line`, with these `fields` (compared as text) and `text` under it."""

    line: int
    kind: str
    fields: tuple[tuple[str, str], ...]
    text: str


@dataclass
class Marked:
    """A fixture file and what its comments promise."""

    name: str
    text: str
    #: the text with every comment blanked out by spaces: offsets and lines are those of `text`
    bare: str = ""
    header: dict[str, str] = field(default_factory=dict)
    findings: list[Expected] = field(default_factory=list)
    silent: dict[int, str] = field(default_factory=dict)
    reveals: dict[int, str] = field(default_factory=dict)
    facts: list[ExpectedFact] = field(default_factory=list)
    scenarios: list[Scenario] = field(default_factory=list)
    #: the oracle of a file that is not meant to compile
    whole: Oracle | None = None
    problems: list[str] = field(default_factory=list)

    def under(self, start: int, end: int) -> str:
        """The source between two offsets, without comments, white space collapsed."""
        return collapse(self.bare[start:end])

    def settings(self) -> dict[str, object]:
        """The settings of the header, `name = JSON value` joined by semicolons, with underscores in the names."""
        found: dict[str, object] = {}
        for item in filter(None, (part.strip() for part in self.header.get("settings", "").split(";"))):
            name, _, value = item.partition("=")
            found[name.strip().replace("-", "_")] = json.loads(value)
        return found


def collapse(text: str) -> str:
    return " ".join(text.split())


def header_of(text: str) -> dict[str, str]:
    """The `# word: ...` comments above the first line of code."""
    header = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            break
        found = re.fullmatch(r"#\s*(\w+):\s*(.*?)\s*", line)
        if found and found[1] in HEADER_WORDS:
            header[found[1]] = found[2]
    return header


def parse(text: str, name: str, main: bool = True) -> Marked:
    """Read the comments of a fixture file; in the `main` one every function that could be a scenario must be one."""
    marked = Marked(name, text, bare=text, header=header_of(text))
    for word in ("versions", "python", "twin"):
        if word in marked.header and not well_formed(marked.header[word]):
            marked.problems.append(f"{name}: `# {word}:` is not a version condition: {marked.header[word]}")
    comments = comments_of(text)
    marked.bare = blank(text, comments)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        tree = None
    runtime: dict[int, tuple[str, bool]] = {}
    for line, _, comment in comments:
        parts = [part.strip() for part in re.split(r"\s+#\s*", comment.lstrip("#"))]
        elsewhere = "oracle: elsewhere" in parts
        for part in parts:
            if part.startswith("runtime:"):
                runtime[line] = (part.removeprefix("runtime:").strip(), elsewhere)
            elif part.startswith("oracle:") and (part != "oracle: elsewhere" or not comment_has_runtime(parts)):
                marked.problems.append(f"{name}:{line}: `# oracle:` knows `elsewhere` alone, behind a `# runtime:`")
            else:
                read_part(marked, tree, line, part)
    if tree is None:
        read_broken(marked, runtime)
    else:
        read_scenarios(marked, tree, runtime, main)
    return marked


def comment_has_runtime(parts: list[str]) -> bool:
    return any(part.startswith("runtime:") for part in parts)


def comments_of(text: str) -> list[tuple[int, int, str]]:
    """(line, column, text) of every comment; by tokens, or by eye in a file that has no tokens."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        found = [(number, re.search(r"#.*", line)) for number, line in enumerate(text.splitlines(), 1)]
        return [(number, match.start(), match[0]) for number, match in found if match]
    return [(*token.start, token.string) for token in tokens if token.type == tokenize.COMMENT]


def blank(text: str, comments: list[tuple[int, int, str]]) -> str:
    lines = text.splitlines(keepends=True)
    for line, column, comment in comments:
        old = lines[line - 1]
        lines[line - 1] = old[:column] + " " * len(comment) + old[column + len(comment) :]
    return "".join(lines)


def read_part(marked: Marked, tree: ast.Module | None, line: int, part: str) -> None:
    """Take in one `word: ...` of a comment; ordinary comments are passed over."""
    where = f"{marked.name}:{line}"
    word = part.partition(":")[0]
    if part.upper().startswith("AOR"):
        for item in part.split(" && "):
            found = FINDING.fullmatch(item.strip())
            if found is None:
                marked.problems.append(f"{where}: not of the form `AORnnn: text under the finding`: {item}")
            else:
                read_finding(marked, tree, line, found[1], found[2])
    elif word == "ok":
        if not part.removeprefix("ok:").strip():
            marked.problems.append(f"{where}: `# ok:` gives no reason")
        marked.silent[line] = part.removeprefix("ok:").strip()
    elif word == "reveals":
        marked.reveals[line] = part.removeprefix("reveals:").strip()
    elif word == "fact":
        for item in part.removeprefix("fact:").split(" && "):
            found = FACT.fullmatch(item.strip())
            if found is None:
                marked.problems.append(f"{where}: not of the form `fact: Kind(field=value): text`: {item}")
                continue
            pairs = [pair.strip().partition("=") for pair in (found[2] or "").split(",") if pair.strip()]
            fields = tuple((name, value) for name, _, value in pairs)
            marked.facts.append(ExpectedFact(line, found[1], fields, collapse(found[3])))
    elif word not in WORDS and word.lower().rstrip("s") in {known.rstrip("s") for known in WORDS} and ":" in part:
        marked.problems.append(f"{where}: `# {word}:` is no word of the harness ({', '.join(WORDS)})")


def read_finding(marked: Marked, tree: ast.Module | None, line: int, code: str, text: str) -> None:
    text, cut = collapse(text), False
    if f" {text}".endswith(" ..."):
        text, cut = text.removesuffix("...").rstrip(), True
    lines = marked.bare.splitlines(keepends=True)
    before = "".join(lines[: line - 1])
    pattern = r"\s+".join(map(re.escape, text.split()))
    found = re.compile(pattern).search(marked.bare, len(before))
    if found is None or found.start() >= len(before) + len(lines[line - 1]):
        marked.problems.append(f"{marked.name}:{line}: no `{text}` begins on this line")
        return
    end_line = line + found[0].count("\n")
    if cut and tree is not None:
        column = len(lines[line - 1][: found.start() - len(before)].encode())
        expressions = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
        starting = [node for node in expressions if (node.lineno, node.col_offset) == (line, column)]
        end_line = max([end_line, *(node.end_lineno or 0 for node in starting)])
    marked.findings.append(Expected(line, end_line, code, text, cut))


def read_broken(marked: Marked, runtime: dict[int, tuple[str, bool]]) -> None:
    oracles = [parse_oracle(text) for text, _ in runtime.values()]
    if len(oracles) != 1 or oracles[0] is None or oracles[0].kind != "raises":
        marked.problems.append(f"{marked.name}: it does not parse, and no `# runtime:` names the error of compiling it")
    else:
        marked.whole = oracles[0]


def parse_oracle(text: str) -> Oracle | None:
    text = text.strip()
    if text in ("ok", "leaked connection"):
        return Oracle(text)
    if text.startswith("never awaited "):
        name = text.removeprefix("never awaited ").strip()
        return Oracle("never awaited", name) if QUALNAME.fullmatch(name) else None
    return Oracle("raises", text) if EXCEPTION.fullmatch(text) else None


def read_scenarios(marked: Marked, tree: ast.Module, runtime: dict[int, tuple[str, bool]], main: bool) -> None:
    used: set[int] = set()
    for node in tree.body:
        if not isinstance(node, ast.AsyncFunctionDef):
            continue
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        lines = [line for line in runtime if first - 1 <= line < max(node.body[0].lineno, node.lineno + 1)]
        used.update(lines)
        where = f"{marked.name}:{node.lineno}"
        if len(lines) > 1:
            marked.problems.append(f"{where}: `{node.name}` has two oracles")
        elif not lines:
            if main and looks_like_scenario(node, tree):
                marked.problems.append(f"{where}: `{node.name}` could be run, nobody calls it, it has no `# runtime:`")
        else:
            read_scenario(marked, node, *runtime[lines[0]])
    for line in sorted(set(runtime) - used):
        marked.problems.append(f"{marked.name}:{line}: this `# runtime:` belongs to no top-level `async def`")


def read_scenario(marked: Marked, node: ast.AsyncFunctionDef, text: str, elsewhere: bool) -> None:
    where = f"{marked.name}:{node.lineno}"
    oracle = parse_oracle(VARIANT.sub("", text))
    if oracle is None:
        marked.problems.append(f"{where}: unknown oracle: {VARIANT.sub('', text).strip()}")
        return
    variants = []
    for condition, word in VARIANT.findall(text):
        variant = parse_oracle(word)
        if variant is None or not well_formed(condition):
            marked.problems.append(f"{where}: unknown oracle: [{condition}:{word}]")
        else:
            variants.append((condition, variant))
    parameters = tuple((name, ast.unparse(annotation) if annotation else "") for name, annotation in required(node))
    end = node.end_lineno or node.lineno
    marked.scenarios.append(Scenario(node.name, node.lineno, end, oracle, tuple(variants), parameters, elsewhere))


def required(node: ast.AsyncFunctionDef) -> list[tuple[str, ast.expr | None]]:
    """The parameters that have no default: (name, annotation)."""
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    plain = plain[: len(plain) - len(arguments.defaults)]
    named = [one for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None]
    return [(argument.arg, argument.annotation) for argument in [*plain, *named]]


def looks_like_scenario(node: ast.AsyncFunctionDef, tree: ast.Module) -> bool:
    """A coroutine function that the harness could run and that nothing else in the file uses."""
    if node.name == "seed" or node.decorator_list or any(isinstance(one, ast.Yield) for one in ast.walk(node)):
        return False
    if not all(annotation and FILLABLE.search(ast.unparse(annotation)) for _, annotation in required(node)):
        return False
    names = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
    return node.name not in names
