"""Settings: where they come from, what is refused and how, and what they decide."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from flake8_async_orm import __version__
from flake8_async_orm.config import (
    READERS,
    Config,
    ConfigError,
    Finder,
    SessionProvider,
    load,
    read,
    read_options,
    satisfies,
)
from flake8_async_orm.patterns import Patterns


def pyproject(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    path = pyproject(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(str(folder))
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def test_the_nearest_file_with_our_table_is_used_alone(tmp_path: Path) -> None:
    outer = pyproject(tmp_path, "[tool.flake8-async-orm]\nignore = ['AOR101']\npreview = true\n")
    pyproject(tmp_path / "app", "[tool.other]\n")
    inner = pyproject(tmp_path / "app" / "core", "[tool.flake8-async-orm]\nignore = ['AOR501']\n")
    assert load(str(tmp_path / "app" / "main.py")).file == str(outer)
    config = load(str(tmp_path / "app" / "core" / "db.py"))
    assert (config.file, config.ignore, config.preview) == (str(inner), ("AOR501",), False)
    assert config.root == str(tmp_path / "app" / "core")


def test_a_broken_file_that_is_not_ours_does_not_matter(tmp_path: Path) -> None:
    pyproject(tmp_path, "[tool.ruff\n")
    assert load(str(tmp_path)).file is None


def test_every_option_is_read(tmp_path: Path) -> None:
    path = pyproject(
        tmp_path,
        """
        [tool.flake8-async-orm]
        select = ["AOR1", "lazy-load"]
        ignore = ["AOR103"]
        extend-select = ["AOR301"]
        exclude = ["old"]
        extend-exclude = ["gen/*.py"]
        sqlalchemy-version = ">=1.4,<2.1"
        expire-on-commit = false
        report-guesses = true
        maybe-paths = true
        preview = true
        required-version = ">=0.0.1"
        src = ["lib"]
        cache-dir = ".cache"
        severity = { AOR5 = "warning", AOR501 = "info" }

        [tool.flake8-async-orm.per-file-ignores]
        "tests/*" = ["AOR101", "unbound-session"]

        [[tool.flake8-async-orm.session-providers]]
        name = "infra.db.transaction"
        gives = "async-session"
        how = "context-manager"
        expire-on-commit = false
        """,
    )
    config = read(str(path))
    assert config == Config(
        root=str(tmp_path),
        file=str(path),
        select=("AOR1", "AOR501"),
        ignore=("AOR103",),
        extend_select=("AOR301",),
        per_file_ignores=(("tests/*", ("AOR101", "AOR401")),),
        exclude=("old",),
        extend_exclude=("gen/*.py",),
        sqlalchemy_version=">=1.4,<2.1",
        expire_on_commit=False,
        report_guesses=True,
        maybe_paths=True,
        severity=(("AOR5", "warning"), ("AOR501", "info")),
        preview=True,
        required_version=">=0.0.1",
        src=(str(tmp_path / "lib"),),
        cache_dir=str(tmp_path / ".cache"),
        session_providers=(SessionProvider("infra.db.transaction", "async-session", "context-manager", False),),
    )
    assert hash(config) == hash(dataclasses.replace(config))


def test_there_is_a_reader_for_every_option() -> None:
    assert set(Config().settings()) == set(READERS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selct = []", ": unknown option `selct`; did you mean `select`?"),
        ("per_file_ignores = {}", ": unknown option `per_file_ignores`; did you mean `per-file-ignores`?"),
        (
            "select = ['AOR50']\nignore = ['missing-awayt']",
            ": `ignore` has the unknown code `missing-awayt`; did you mean `missing-await`?",
        ),
        ("select = ['lazy-laod']", ": `select` has the unknown code `lazy-laod`; did you mean `lazy-load`?"),
        ("select = ['aor501']", ": `select` has the unknown code `aor501`; did you mean `AOR501`?"),
        ("select = 'AOR501'", ": `select` must be a list of strings, found a string"),
        ("select = [1]", ": `select` must be a list of strings, found an array"),
        ("preview = 1", ": `preview` must be true or false, found an integer"),
        ("cache-dir = 2001-01-01", ": `cache-dir` must be a string, found a date or time"),
        (
            "per-file-ignores = ['x']",
            ": `per-file-ignores` must be a table of patterns and lists of codes, found an array",
        ),
        (
            "severity = { AOR5 = 'eror' }",
            ": `severity` has the unknown value `eror`; did you mean `error`?; known are error, ",
        ),
        ("sqlalchemy-version = 'two'", ": `sqlalchemy-version` must be a version or a range such as"),
        ("required-version = '>=99'", f": `required-version` is `>=99`, but this is {__version__}"),
        ("baseline = 1", ": `baseline` must be a string, found an integer"),
        (
            "session-providers = [{ name = 'a.b', giv = 'session' }]",
            ": `session-providers` has the unknown key `giv`; did you",
        ),
        ("session-providers = [{ gives = 'session' }]", ": `session-providers` needs a `name` in each of its tables"),
        ("session-providers = [{ name = 'a', how = 'cal' }]", "did you mean `call`?"),
        ("session-providers = ['a.b']", ": `session-providers` must be an array of tables, found an array"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, f"[tool.flake8-async-orm]\n{text}\n")


def test_a_baseline_that_cannot_be_read_is_wrong_too(tmp_path: Path) -> None:
    pyproject(tmp_path, "[tool.flake8-async-orm]\nbaseline = 'known.json'\n")
    with pytest.raises(ConfigError, match=r"known\.json: No such file"):
        load(str(tmp_path))
    (tmp_path / "known.json").write_text("{\n ]", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"known\.json:2:2: "):
        load(str(tmp_path))
    (tmp_path / "known.json").write_text('{"version": 1, "findings": []}', encoding="utf-8")
    assert load(str(tmp_path / "app")).baseline_path == str(tmp_path / "known.json")


def test_broken_toml_is_placed(tmp_path: Path) -> None:
    assert refused(tmp_path, "[tool.flake8-async-orm]\nselect = [\n  'AOR1'\n  'AOR2'\n]\n").startswith(":4:3: ")
    assert refused(tmp_path, "[tool.flake8-async-orm]\nselect = ['AOR1'").startswith(":2:17: ")


def test_a_file_that_is_not_utf8_is_placed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.flake8-async-orm]\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml:2:6: the file is not in UTF-8"):
        load(str(tmp_path))


def test_the_table_must_be_one(tmp_path: Path) -> None:
    assert refused(tmp_path, "[tool]\nflake8-async-orm = 1\n") == ": `tool.flake8-async-orm` must be a table"


def test_an_explicit_file_is_used_for_everything(tmp_path: Path) -> None:
    pyproject(tmp_path, "[tool.flake8-async-orm]\nignore = ['AOR101']\n")
    other = tmp_path / "strict.toml"
    other.write_text("[tool.flake8-async-orm]\nignore = ['AOR5']\n", encoding="utf-8")
    assert Finder(str(other)).config_for(str(tmp_path / "a.py")).ignore == ("AOR5",)
    assert Finder(isolated=True).config_for(str(tmp_path / "a.py")).ignore == ()
    with pytest.raises(ConfigError, match=r"nothing\.toml: No such file"):
        Finder(str(tmp_path / "nothing.toml"))
    other.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no table \[tool\.flake8-async-orm\]"):
        Finder(str(other))


def test_a_finder_reads_a_file_once_and_overrides_it(tmp_path: Path) -> None:
    path = pyproject(tmp_path, "[tool.flake8-async-orm]\n")
    finder = Finder(override=lambda config: dataclasses.replace(config, preview=True))
    first = finder.config_for(str(tmp_path / "a.py"))
    assert first.preview
    path.write_text("[tool.flake8-async-orm]\nselect = 1\n", encoding="utf-8")
    assert finder.config_for(str(tmp_path / "deep" / "b.py")) is first


@pytest.mark.parametrize(
    ("settings", "on"),
    [
        ({}, {"AOR101", "AOR501"}),
        ({"select": ("AOR5",)}, {"AOR501"}),
        ({"ignore": ("AOR5",)}, {"AOR101"}),
        ({"select": ("AOR501",), "ignore": ("AOR5",)}, {"AOR501"}),
        ({"select": ("AOR5",), "ignore": ("AOR501",)}, set()),
        ({"select": ("AOR501",), "ignore": ("AOR501",)}, set()),
        ({"select": ()}, set()),
        # off by default
        ({"select": ("AOR",)}, {"AOR101", "AOR501"}),
        ({"extend_select": ("AOR407",)}, {"AOR101", "AOR407", "AOR501"}),
        ({"select": ("AOR407",)}, {"AOR407"}),
        ({"select": ("AOR4",)}, {"AOR407"}),
        ({"extend_select": ("AOR",), "ignore": ("AOR1",)}, {"AOR501"}),
        ({"extend_select": ("AOR407",), "ignore": ("AOR4",)}, {"AOR101", "AOR407", "AOR501"}),
    ],
)
def test_what_is_on(settings: dict[str, tuple[str, ...]], on: set[str]) -> None:
    config = Config(**settings)  # type: ignore[arg-type]
    defaults = {"AOR101": True, "AOR407": False, "AOR501": True}
    assert {code for code, default in defaults.items() if config.enabled(code, default)} == on


def test_preview_rules_have_to_be_asked_for() -> None:
    assert not Config().enabled("AOR510", True, preview=True)
    assert Config(preview=True).enabled("AOR510", True, preview=True)
    assert Config(extend_select=("AOR510",)).enabled("AOR510", True, preview=True)
    assert not Config(preview=True).enabled("AOR510", False, preview=True)


def test_per_file_ignores(tmp_path: Path) -> None:
    rows = (("tests/*", ("AOR5",)), ("conftest.py", ("AOR",)), ("!src/**/*.py", ("AOR1",)), ("legacy/", ("AOR3",)))
    config = Config(root=str(tmp_path), per_file_ignores=rows)

    def ignored(path: str) -> set[str]:
        absolute = os.path.join(str(tmp_path), *path.split("/"))
        return {code for code in ("AOR101", "AOR301", "AOR501") if config.ignored_in(absolute, code)}

    assert ignored("src/a.py") == set()
    assert ignored("src/deep/a.py") == set()
    assert ignored("tests/deep/test_a.py") == {"AOR101", "AOR501"}
    assert ignored("src/conftest.py") == {"AOR101", "AOR301", "AOR501"}
    assert ignored("src/legacy/deep/a.py") == {"AOR301"}


def test_severity() -> None:
    config = Config(severity=(("AOR5", "warning"), ("AOR501", "info")))
    assert [config.severity_of(code) for code in ("AOR101", "AOR502", "AOR501")] == ["error", "warning", "info"]


@pytest.mark.parametrize(
    ("version", "wanted", "holds"),
    [
        ("0.1.0", "0.1", True),
        ("0.1.0", "0.1.*", True),
        ("0.10.0", "0.1", False),
        ("0.1.0", "==0.1.1", False),
        ("0.1.0", "!=0.1.1", True),
        ("2.0.36", ">=1.4, <2.1", True),
        ("2.1", ">=1.4,<2.1", False),
        ("2.1.0", "<=2.1", True),
        ("2.1.1", ">2.1", True),
        ("2.3", "~=2.1", True),
        ("3.0", "~=2.1", False),
    ],
)
def test_versions(version: str, wanted: str, holds: bool) -> None:
    assert satisfies(version, wanted) is holds


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("build", "a/build/x.py", True),
        ("build", "a/builds/x.py", False),
        ("build/", "a/build/x.py", True),
        ("*.gen.py", "a/b.gen.py", True),
        ("a?.py", "ab.py", True),
        ("a?.py", "abc.py", False),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("a/*.py", "a/b/c.py", True),
        ("a/**/c.py", "a/c.py", True),
        ("./a/b", "a/b/c.py", True),
        ("b/c.py", "a/b/c.py", False),
        ("a.b", "axb", False),
        ("[", "[", True),
        ("[z-a].py", "[z-a].py", True),
        ("*[*", "a[b", True),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, path: str, matches: bool) -> None:
    assert Patterns([pattern], str(tmp_path)).matches(str(tmp_path.joinpath(*path.split("/")))) is matches


def test_absolute_patterns_and_what_lies_above_the_root(tmp_path: Path) -> None:
    assert Patterns([f"{tmp_path}/gen/*"], "/elsewhere").matches(str(tmp_path / "gen" / "a.py"))
    root = tmp_path / "build" / "app"
    assert not Patterns(["build"], str(root)).matches(str(root / "a.py"))


def test_options_by_name() -> None:
    assert read_options({"extend-select": ["AOR1"]}, "x") == {"extend_select": ("AOR1",)}
