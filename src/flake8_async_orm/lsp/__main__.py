"""`python -m flake8_async_orm.lsp`: serve one editor over standard input and output."""

import sys


def main() -> int:
    """Serve until the editor leaves; give the exit code, 2 if the extra `lsp` is not installed."""
    try:
        import pygls.lsp.server  # noqa: F401
    except ImportError:
        line = "flake8-async-orm: the language server needs pygls 2: pip install 'flake8-async-orm[lsp]'"
        print(line, file=sys.stderr)
        return 2
    from flake8_async_orm.lsp.messages import make_server

    make_server().start_io()
    return 0


if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        # -m put the current directory first: a folder of the edited project must not stand in for an import of ours
        del sys.path[0]
    sys.exit(main())
