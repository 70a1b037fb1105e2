"""Writing a changed file so that a crash, a full disk or another program never leaves half of it."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import time
from pathlib import Path

_SUFFIX = ".flake8-async-orm"
_HOUR = 3600


class WriteError(Exception):
    """A file that was left as it was. The message is one line that says why."""


def write(path: str, before: bytes, after: bytes) -> None:
    """Replace the content of the file `path`, which must still be `before`, with `after`.

    The bytes go to a temporary file beside it, to the disk, and then take the file's place in one step; its mode is
    kept, and a symbolic link goes on pointing to it. Raises WriteError, and the file is as it was.
    """
    try:
        # a link stays a link: what it points to is replaced
        target = Path(path).resolve(strict=True)
        if target.read_bytes() != before:
            raise WriteError(f"{path}: the file was changed meanwhile")
        status = target.stat()
        if not stat.S_ISREG(status.st_mode):
            raise WriteError(f"{path}: not a regular file")
        if not os.access(target, os.W_OK):
            # a rename would go around the file's own protection
            raise WriteError(f"{path}: the file is read-only")
        _replace(target, status, before, after)
    except OSError as error:
        raise WriteError(f"{path}: {error.strerror or error}") from error


def put(path: str, data: bytes) -> None:
    """Write the file `path` anew, whether or not it is there; in one step, as `write` does. Raises WriteError."""
    try:
        if os.path.lexists(path):
            target = Path(path).resolve(strict=True)
            write(str(target), target.read_bytes(), data)
            return
        _replace(Path(path), None, None, data)
    except OSError as error:
        raise WriteError(f"{path}: {error.strerror or error}") from error


def _replace(target: Path, status: os.stat_result | None, before: bytes | None, after: bytes) -> None:
    """Put `after` in the place of `target`, which has `status` and holds `before`; None where there is no such file."""
    _sweep(target)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.{os.getpid()}.", suffix=_SUFFIX, dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        if status is None:
            temporary.chmod(0o666 & ~_umask())
        else:
            _own(temporary, status)
            temporary.chmod(stat.S_IMODE(status.st_mode))
        # as late as can be: an editor may have saved the file while we wrote
        if (target.read_bytes() if before is not None or os.path.lexists(target) else None) != before:
            raise WriteError(f"{target}: the file was changed meanwhile")
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sweep(target: Path) -> None:
    """Remove what runs left beside `target` that were killed while they wrote it."""
    name = re.compile(rf"\.{re.escape(target.name)}\.(\d+)\.\w+{re.escape(_SUFFIX)}")
    with contextlib.suppress(OSError):
        for entry in os.scandir(target.parent):
            found = name.fullmatch(entry.name)
            if found is not None and not _runs(int(found[1]), entry):
                os.unlink(entry.path)


def _runs(process: int, entry: os.DirEntry[str]) -> bool:
    """Whether the process may still be writing `entry`."""
    if os.name == "nt":
        # asking for a process would end it there
        return time.time() - entry.stat().st_mtime < _HOUR
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _own(temporary: Path, status: os.stat_result) -> None:
    """Give the file to whom the one belongs that it replaces: the superuser mends other people's files too."""
    mine = temporary.stat()
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        with contextlib.suppress(PermissionError):
            os.chown(temporary, status.st_uid, status.st_gid)


def _umask() -> int:
    """The mode bits that new files do not get. There is no way to ask without setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
