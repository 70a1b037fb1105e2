"""Kept output: compared with what comes out now, and rewritten when the tests run with `--accept`."""

from __future__ import annotations

import difflib
import os
from pathlib import Path


def settle(path: Path, text: str | None, accept: bool) -> list[str]:
    """Compare the kept file at `path` with `text` (None: there should be no such file), or write it if `accept`.

    Returns complaints. The write is atomic, so that parallel tests never see half of it.
    """
    kept = path.read_bytes().decode() if path.exists() else None
    if kept == text:
        return []
    if accept:
        write(path, text)
        return []
    name = f"{path.parent.name}/{path.name}"
    if text is None:
        return [f"{name}: nothing gives this file any more (pytest --accept removes it)"]
    if kept is None:
        return [f"{name}: this file is missing (pytest --accept writes it):\n{text}"]
    lines = difflib.unified_diff(kept.splitlines(), text.splitlines(), "kept", "now", lineterm="")
    return [f"{name}: it differs from what comes out now (pytest --accept rewrites it):\n" + "\n".join(lines)]


def write(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(text.encode())
    os.replace(draft, path)
