"""The bundled example: each rule finds its one misuse, and each misuse does what the rule says when it is run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "example"
MISUSES = {
    ("AOR101", "lending/services.py", "self.session.commit()"),
    ("AOR102", "lending/repositories.py", "return result.scalar_one()"),
    ("AOR103", "lending/repositories.py", "return await result.scalar_one_or_none()"),
    ("AOR201", "lending/database.py", 'result = await engine.execute(text("SELECT 1"))'),
    ("AOR301", "scripts/remind.py", "session = await get_session()"),
    ("AOR302", "lending/routes.py", "async with get_session() as session:"),
    ("AOR401", "scripts/import_books.py", "await session.close()"),
    ("AOR501", "lending/services.py", "return [Reminder(loan.member.email, loan.due) for loan in overdue]"),
}
AT_RUN_TIME = {
    "AOR101": "coroutine 'AsyncSession.commit' was never awaited",
    "AOR102": "AttributeError",
    "AOR103": "TypeError",
    "AOR201": "AttributeError",
    "AOR301": "TypeError",
    # `async with` looks for a method before Python 3.11, for a protocol since
    "AOR302": "TypeError" if sys.version_info >= (3, 11) else "AttributeError",
    "AOR401": "UnboundLocalError",
    "AOR501": "MissingGreenlet",
    "correct": "ok",
}


def lint(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "flake8_async_orm", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def test_each_misuse_is_found_and_nothing_else() -> None:
    code, output = lint("--output-format", "json", "example")
    found = set()
    for finding in json.loads(output):
        path = ROOT / finding["filename"]
        line = path.read_text(encoding="utf-8").splitlines()[finding["location"]["row"] - 1]
        found.add((finding["code"], path.relative_to(EXAMPLE).as_posix(), line.strip()))
    assert found == MISUSES
    assert len(json.loads(output)) == len(MISUSES)
    assert code == 1


def test_each_misuse_shows_at_run_time() -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    if sqlalchemy.__version__.startswith("1."):
        pytest.skip("the example is written for SQLAlchemy 2")
    pytest.importorskip("fastapi", exc_type=ImportError)
    command = [sys.executable, str(Path(__file__).with_name("example_misuses.py"))]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == AT_RUN_TIME
