"""Scripts that teach a shell the options."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_async_orm import codes
from flake8_async_orm.cli.options import PROGRAM, Parser, UsageError

#: what is completed with names of files, by the word that stands for it in the help
_FILES = ("FILE", "PATH", "NAME")
_DIRECTORIES = ("DIRECTORY",)
_CODES = ("CODE", "CODES")


def script(made: Parser, shell: str) -> str:
    """The completion script of the command for a shell (one of SHELLS). Raises UsageError if the extra is not installed
    that the shell needs."""
    if shell == "fish":
        return "".join(f"{line}\n" for line in _fish(made))
    try:
        import shtab
    except ImportError:
        raise UsageError("--completion needs shtab: pip install 'flake8-async-orm[completion]'") from None
    for action in made._actions:
        if action.metavar in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar in _DIRECTORIES:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return str(shtab.complete(made, shell)) + "\n"


def _fish(made: Parser) -> Iterator[str]:
    """A line for each option. Without options, fish completes files by itself."""
    yield f"# fish completion for {PROGRAM}"
    for action in made._actions:
        if not action.option_strings:
            continue
        words = ["complete", "-c", PROGRAM]
        for option in action.option_strings:
            words += ["-l", option[2:]] if option.startswith("--") else ["-s", option[1:]]
        words += ["-d", _quoted((action.help or "").replace("%%", "%"))]
        if action.choices is not None:
            words += ["-x", "-a", _quoted(" ".join(map(str, action.choices)))]
        elif action.metavar in _CODES:
            words += ["-x", "-a", _quoted(" ".join(word for row in codes.table().values() for word in (row.code, row.name)))]
        elif action.metavar in _FILES:
            words += ["-r", "-F"]
        elif action.metavar in _DIRECTORIES:
            words += ["-x", "-a", _quoted("(__fish_complete_directories)")]
        elif action.nargs != 0:
            words.append("-x")
        yield " ".join(words)


def _quoted(text: str) -> str:
    """In single quotes, where fish knows two escapes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
