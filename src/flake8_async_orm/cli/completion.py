"""Scripts that teach a shell the options."""

from __future__ import annotations

from flake8_async_orm.cli.options import Parser, UsageError

#: what is completed with names of files, by the word that stands for it in the help
_FILES = ("FILE", "PATH", "NAME")


def script(made: Parser, shell: str) -> str:
    """The completion script of the command for a shell (one of SHELLS). Raises UsageError if the extra is not installed."""
    try:
        import shtab
    except ImportError:
        raise UsageError("--completion needs shtab: pip install 'flake8-async-orm[completion]'") from None
    for action in made._actions:
        if action.metavar in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "DIRECTORY":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return str(shtab.complete(made, shell)) + "\n"
