"""A file is replaced as a whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from flake8_async_orm.writing import WriteError, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes(b"before\r\n")
    return path


def test_the_bytes_are_written(file: Path) -> None:
    write(str(file), b"before\r\n", b"\xef\xbb\xbfafter\r\n\x00\xff")
    assert file.read_bytes() == b"\xef\xbb\xbfafter\r\n\x00\xff"
    assert [path.name for path in file.parent.iterdir()] == ["a.py"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o664])
def test_the_mode_is_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    write(str(file), b"before\r\n", b"after")
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_a_file_that_changed_meanwhile_is_left(file: Path) -> None:
    file.write_bytes(b"edited")
    with pytest.raises(WriteError, match="changed meanwhile"):
        write(str(file), b"before\r\n", b"after")
    assert file.read_bytes() == b"edited"


def test_a_file_that_changes_while_we_write_is_left(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = os.fsync

    def edit(descriptor: int) -> None:
        file.write_bytes(b"edited")
        synced(descriptor)

    monkeypatch.setattr("os.fsync", edit)
    with pytest.raises(WriteError, match="changed meanwhile"):
        write(str(file), b"before\r\n", b"after")
    assert file.read_bytes() == b"edited"
    assert [path.name for path in file.parent.iterdir()] == ["a.py"]


def test_a_full_disk_leaves_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WriteError, match=r"a\.py: No space left on device"):
        write(str(file), b"before\r\n", b"after")
    assert file.read_bytes() == b"before\r\n"
    assert [path.name for path in file.parent.iterdir()] == ["a.py"]


def test_the_bytes_reach_the_disk_before_the_name_does(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    synced, replaced = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        done.append("fsync")
        synced(descriptor)

    def rename(path: Path, target: Path) -> Path:
        done.append("replace")
        return replaced(path, target)

    monkeypatch.setattr("os.fsync", sync)
    monkeypatch.setattr(Path, "replace", rename)
    write(str(file), b"before\r\n", b"after")
    assert done == ["fsync", "replace"]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"a\.py"):
        write(str(tmp_path / "a.py"), b"", b"after")
    assert list(tmp_path.iterdir()) == []


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(WriteError):
        write(str(tmp_path), b"", b"after")


def test_a_symbolic_link_stays_one(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    try:
        link.symlink_to(file)
    except OSError:
        pytest.skip("no symbolic links here")
    write(str(link), b"before\r\n", b"after")
    assert link.is_symlink()
    assert file.read_bytes() == b"after"


def test_a_read_only_file_is_left(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # for the superuser every file is writable
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(WriteError, match="read-only"):
        write(str(file), b"before\r\n", b"after")
    assert file.read_bytes() == b"before\r\n"
