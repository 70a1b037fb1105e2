"""A file is replaced as a whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from flake8_async_orm.writing import WriteError, put, write


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


def failing(error: int) -> object:
    def fail(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    return fail


@pytest.mark.parametrize("step", ["tempfile.mkstemp", "os.fdopen", "os.fsync", "pathlib.Path.chmod", "pathlib.Path.replace"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES])
def test_whatever_step_fails_the_file_is_as_it_was(
    file: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: int
) -> None:
    monkeypatch.setattr(step, failing(error))
    with pytest.raises(WriteError) as raised:
        write(str(file), b"before\r\n", b"after")
    assert str(raised.value) == f"{file}: {os.strerror(error)}"
    assert file.read_bytes() == b"before\r\n"
    assert [path.name for path in file.parent.iterdir()] == ["a.py"]


@pytest.mark.parametrize("there", [False, True])
def test_put_is_one_step_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    path = tmp_path / "baseline.json"
    if there:
        path.write_bytes(b"before")
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", failing(errno.ENOSPC))
        with pytest.raises(WriteError, match="No space left"):
            put(str(path), b"after")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"before"] * there
    put(str(path), b"after")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"after"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    put(str(tmp_path / "new"), b"data")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only the superuser mends other people's files")
def test_the_owner_is_kept(file: Path) -> None:
    os.chown(file, 1234, 2345)
    write(str(file), b"before\r\n", b"after")
    status = file.stat()
    assert (status.st_uid, status.st_gid, file.read_bytes()) == (1234, 2345, b"after")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder(file: Path) -> None:
    file.parent.chmod(0o555)
    try:
        with pytest.raises(WriteError, match="Permission denied"):
            write(str(file), b"before\r\n", b"after")
    finally:
        file.parent.chmod(0o755)
    assert file.read_bytes() == b"before\r\n"


def run_python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)


KILLED_AT_EVERY_LINE = """
    import os, signal, sys
    from pathlib import Path
    from flake8_async_orm import writing

    path, old, new = Path(sys.argv[1]), b"old\\r\\n" * 100_000, b"new!\\n" * 100_000

    def killing(at):
        passed = 0
        def trace(frame, event, argument):
            nonlocal passed
            if frame.f_code.co_filename != writing.__file__:
                return None
            passed += event == "line"
            if passed == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace
        return trace

    seen = []
    for at in range(1, 200):
        path.write_bytes(old)
        child = os.fork()
        if not child:
            sys.settrace(killing(at))
            writing.write(str(path), old, new)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        content = path.read_bytes()
        assert content in (old, new), (at, len(content))
        seen.append(content == new)
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert status == 0 and content == new
    print(len(seen), seen.index(True))
"""

KILLED_WHILE_BUSY = """
    import sys
    from flake8_async_orm.writing import write

    path, contents = sys.argv[1], (b"old\\r\\n" * 100_000, b"new!\\n" * 100_000)
    print("ready", flush=True)
    while True:
        write(path, *contents)
        contents = contents[::-1]
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_killed_ahead_of_any_line_the_file_is_the_old_one_or_the_new_one(file: Path) -> None:
    done = run_python(KILLED_AT_EVERY_LINE, str(file))
    assert done.returncode == 0, done.stderr
    lines, first_new = map(int, done.stdout.split())
    assert 10 < first_new < lines
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL here")
@pytest.mark.parametrize("milliseconds", [3, 11, 29, 53])
def test_killed_at_any_moment_the_file_is_the_old_one_or_the_new_one(file: Path, milliseconds: int) -> None:
    old, new = b"old\r\n" * 100_000, b"new!\n" * 100_000
    file.write_bytes(old)
    command = [sys.executable, "-c", textwrap.dedent(KILLED_WHILE_BUSY), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(milliseconds / 1000)
        assert process.poll() is None
        process.kill()
    assert file.read_bytes() in (old, new)
    write(str(file), file.read_bytes(), b"after")
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.skipif(os.name == "nt", reason="there the age decides")
def test_what_a_killed_run_left_is_removed_and_nothing_else(file: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        running = f".a.py.{process.pid}.abc.flake8-async-orm"
        others = [f".b.py.{2**22 + 1}.abc.flake8-async-orm", ".a.py.tmp", ".a.py..abc.flake8-async-orm", "xa.py"]
        for name in (running, *others):
            (file.parent / name).touch()
        write(str(file), b"before\r\n", b"after")
        assert {path.name for path in file.parent.iterdir()} == {"a.py", running, *others}
        process.kill()
    write(str(file), b"after", b"again")
    assert {path.name for path in file.parent.iterdir()} == {"a.py", *others}


@pytest.mark.skipif(sys.platform == "win32", reason="no limit for files here")
def test_a_disk_that_is_full_in_the_middle_of_the_file(here: Path) -> None:
    text = "async def f(session: 'AsyncSession'):\n    session.commit()\n"
    text = "from sqlalchemy.ext.asyncio import AsyncSession\n" + text + "# filling\n" * 10_000
    (here / "a.py").write_text(text, encoding="utf-8")
    script = """
        import resource, signal, sys
        from flake8_async_orm.cli import main

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        sys.exit(main(["--isolated", "--no-cache", "--fix", "a.py"]))
    """
    done = run_python(script)
    assert (done.returncode, done.stderr) == (2, f"error: not changed: a.py: {os.strerror(errno.EFBIG)}\n")
    assert (here / "a.py").read_text(encoding="utf-8") == text
    assert [path.name for path in here.iterdir()] == ["a.py"]
