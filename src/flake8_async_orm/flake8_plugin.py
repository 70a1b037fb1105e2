"""The flake8 door: hands flake8's lines to the linter, and its findings to flake8.

flake8 applies its own `select`, `ignore`, `per-file-ignores` and `# noqa` to what it gets. What it does not know, our settings and
which codes are off unless somebody names them, comes from its options, and below them from the nearest pyproject.toml.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import os
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from flake8_async_orm import __version__

if TYPE_CHECKING:
    from flake8.options.manager import OptionManager

    from flake8_async_orm.config import Config, Finder
    from flake8_async_orm.project import Workspace


class Option(NamedTuple):
    """One of our settings as an option of flake8: `keywords` are for its `add_option`."""

    name: str
    help: str
    keywords: dict[str, Any]


def _truth(text: str) -> bool:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    raise argparse.ArgumentTypeError(f"must be true or false, not {text!r}")


OPTIONS = (
    Option("sqlalchemy-version", "The SQLAlchemy that the code is for: a version or a range.", {"metavar": "VERSION"}),
    Option(
        "expire-on-commit",
        "What factories that are out of sight do: true or false.",
        {"type": _truth, "metavar": "BOOLEAN"},
    ),
    Option("report-guesses", "Report also on sessions that are known by their name only.", {"action": "store_true"}),
    Option("maybe-paths", "Report also what fails on some paths only.", {"action": "store_true"}),
    Option("preview", "Switch on the rules that are in preview.", {"action": "store_true"}),
    Option(
        "baseline",
        "A file of findings that are known and left out.",
        {"normalize_paths": True, "metavar": "FILE"},
    ),
    Option(
        "src",
        "Directories that modules are imported from, separated by commas.",
        # flake8 makes absolute what has a slash in it, from the directory of its configuration
        {"comma_separated_list": True, "normalize_paths": True, "metavar": "DIRECTORIES"},
    ),
)



class Plugin:
    """Checks one file. flake8 makes an object for each, in as many processes as it likes."""

    name: ClassVar[str] = "flake8-async-orm"
    version: ClassVar[str] = __version__
    finder: ClassVar[Finder | None] = None
    #: whether `# noqa` silences anything
    noqa: ClassVar[bool] = True
    #: for each configuration the files of its projects, for as long as the process lives
    workspaces: ClassVar[dict[Config, Workspace]] = {}

    def __init__(self, tree: ast.AST, filename: str, lines: list[str]) -> None:
        self.path = os.path.abspath(filename)
        self.text = "".join(lines)

    @classmethod
    def add_options(cls, parser: OptionManager) -> None:
        """Tell flake8 our options. A default of None is how an option that nobody gave is known."""
        for option in OPTIONS:
            keywords = {"default": None, "parse_from_config": True, "help": option.help, **option.keywords}
            parser.add_option(f"--async-orm-{option.name}", **keywords)

    @classmethod
    def parse_options(cls, manager: OptionManager, options: argparse.Namespace, args: Sequence[str]) -> None:
        """Read what flake8 was told, and the settings for its paths; end flake8 with one line where they are wrong."""
        from flake8_async_orm.config import ConfigError, Finder

        cls.workspaces = {}
        cls.noqa = not options.disable_noqa
        try:
            given = settings(options)
            cls.finder = Finder(override=lambda config: overridden(config, given))
            for path in args or ["."]:
                cls.finder.config_for(os.path.abspath(path))
        except ConfigError as error:
            manager.parser.error(str(error))

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The findings: the line from 1, the column from 0 in code points, code and message."""
        from flake8_async_orm.config import Finder
        from flake8_async_orm.linting import lint
        from flake8_async_orm.project import Workspace
        from flake8_async_orm.source import Source

        finder = self.finder or Finder()
        config = finder.config_for(self.path)
        if config.excluded.matches(self.path):
            return
        workspace = self.workspaces.setdefault(config, Workspace(config))
        try:
            source = workspace.source_at(self.path)
            # what is on disk may have been parsed already, for a file that imports it; flake8 knows but one newline
            if source is None or re.sub(r"\r\n?", "\n", source.text) != self.text:
                source = Source.from_text(self.path, self.text)
            project = workspace.project_for(self.path)
            for found in lint(source, project, config, parsed=True, noqa=self.noqa, fixes=False):
                yield found.line, found.column, f"{found.code} {found.message}", type(self)
        except Exception as error:  # noqa: BLE001
            # flake8 would drop the findings of all plugins in all files
            yield 1, 0, f"AOR000 could not analyse this file: internal error {error!r}", type(self)
        workspace.make_room()


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """What flake8's options say, by the names that `Config` has. Raises ConfigError for a code that we have not."""
    from flake8_async_orm.config import read_options

    values = {option.name: getattr(options, f"async_orm_{option.name.replace('-', '_')}") for option in OPTIONS}
    if values["src"] is not None:
        values["src"] = [os.path.abspath(directory) for directory in values["src"]]
    if values["baseline"] is not None:
        values["baseline"] = os.path.abspath(values["baseline"])
    chosen = {name: getattr(options, name.replace("-", "_")) for name in ("select", "extend-select", "ignore")}
    for name, codes in chosen.items():
        ours = ["AOR" if "AOR".startswith(code) else code for code in codes or () if code[:3] in ("A", "AO", "AOR")]
        if ours:
            values[name] = ours
    return read_options({name: value for name, value in values.items() if value is not None}, "flake8")


def overridden(config: Config, given: dict[str, Any]) -> Config:
    """A configuration with what flake8 was told. What it was told to select outweighs what pyproject.toml ignores."""
    extended = given.get("extend_select", ())
    selected = (*given.get("select", ()), *extended)
    ignored = tuple(code for code in config.ignore if not any(one.startswith(code) for one in selected))
    return dataclasses.replace(
        config, **{"ignore": ignored, **given, "extend_select": (*config.extend_select, *extended)}
    )
