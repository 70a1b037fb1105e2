"""Settings that tell the inference what is out of its sight: versions, factories, providers."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_async_orm.config import Config, SessionProvider
from flake8_async_orm.flow.settings import settings_of, targets
from flake8_async_orm.linting import lint
from flake8_async_orm.project import Workspace
from flake8_async_orm.source import Source


def found(tmp_path: Path, text: str, **settings: object) -> list[str]:
    """The codes found in a module, in order."""
    path = tmp_path / "module.py"
    path.write_text(text)
    config = Config(root=str(tmp_path), **settings)  # type: ignore[arg-type]
    source = Source.from_bytes(str(path), path.read_bytes())
    return [one.code for one in lint(source, Workspace(config).project_for(str(path)), config)]


@pytest.mark.parametrize(
    ("wanted", "versions"),
    [
        (None, {"2.0", "2.1"}),
        ("1.4", {"1.4"}),
        ("1.4.54", {"1.4"}),
        ("2", {"2.0", "2.1"}),
        ("2.0.36", {"2.0"}),
        (">=2.0.4", {"2.0", "2.1"}),
        (">=1.4,<2.1", {"1.4", "2.0"}),
        ("~=2.0", {"2.0", "2.1"}),
        ("~=2.0.1", {"2.0"}),
        (">=9", {"2.0", "2.1"}),
    ],
)
def test_target_versions(wanted: str | None, versions: set[str]) -> None:
    assert targets(wanted) == versions


def test_settings_are_made_once_for_a_configuration() -> None:
    assert settings_of(Config()) is settings_of(Config())


PROVIDERS = {
    "call": "session = make()\n    session.commit()",
    "await": "session = await make()\n    session.commit()",
    "context-manager": "async with make() as session:\n        session.commit()",
    "async-generator": "async for session in make():\n        session.commit()",
    "attribute": "make.commit()",
}


@pytest.mark.parametrize("how", PROVIDERS)
def test_providers_give_sessions(tmp_path: Path, how: str) -> None:
    text = f"import sqlalchemy\nfrom framework.db import make\n\nasync def save():\n    {PROVIDERS[how]}\n"
    assert found(tmp_path, text) == []
    provider = SessionProvider("framework.db.make", "async-session", how)
    assert found(tmp_path, text, session_providers=(provider,)) == ["AOR101"]


def test_a_provider_of_the_project(tmp_path: Path) -> None:
    text = "import sqlalchemy\n\ndef make():\n    return registry['db']\n\nasync def save():\n    make().commit()\n"
    assert found(tmp_path, text) == []
    provider = SessionProvider("module.make", "async-session", "call")
    assert found(tmp_path, text, session_providers=(provider,)) == ["AOR101"]


def test_a_decorator_hands_over_a_session(tmp_path: Path) -> None:
    text = (
        "import sqlalchemy\nfrom framework.db import transactional\n\n"
        "@transactional\nasync def save(key, session=None):\n    session.commit()\n\n"
        "@transactional\nasync def other(key):\n    key.commit()\n"
    )
    assert found(tmp_path, text) == []
    provider = SessionProvider("framework.db.transactional", "async-session", "decorator")
    assert found(tmp_path, text, session_providers=(provider,)) == ["AOR101"]


GUESSED = "import sqlalchemy\n\nasync def save(session, x=1):\n    session.commit()\n"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (GUESSED, ["AOR101"]),
        (GUESSED.replace("session", "db_session"), ["AOR101"]),
        (GUESSED.replace("(session, x=1)", "(session=None)"), ["AOR101"]),
        # what speaks against it: another name, a body that cannot await, another type, other members, another library
        (GUESSED.replace("session", "sessions"), []),
        (GUESSED.replace("async def", "def"), []),
        (GUESSED.replace("(session,", "(session: Thing,"), []),
        (GUESSED + "    session.query(1)\n", []),
        (GUESSED + "    await session.execute('select 1')\n", []),
        (GUESSED.replace("import sqlalchemy", "import sqlalchemy\nimport databases"), []),
        (GUESSED.replace("import sqlalchemy", "import aiohttp"), []),
    ],
)
def test_sessions_by_name_only(tmp_path: Path, text: str, codes: list[str]) -> None:
    assert found(tmp_path, text) == []
    assert found(tmp_path, text, report_guesses=True) == codes


def test_what_holds_for_factories_out_of_sight() -> None:
    assert settings_of(Config(expire_on_commit=False)).expire_on_commit is False
    assert settings_of(Config()).expire_on_commit is None
