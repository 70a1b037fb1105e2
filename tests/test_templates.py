"""Templates: which file is meant, what is read of it, and when nothing is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("jinja2")

from flake8_async_orm.facts import AttributeSerialized
from flake8_async_orm.flow import interpret
from flake8_async_orm.project import Workspace

PROGRAM = """
import os
from pathlib import Path
from fastapi import Request
from fastapi.templating import Jinja2Templates
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader
from sqlalchemy import Column, ForeignKey, Integer, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()
BASE = Path(__file__).resolve().parent
DIRECTORY = os.path.join(os.path.dirname(__file__), "html", "pages")


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    posts = relationship("Post")


class Post(Base):
    __tablename__ = "posts"
    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id"))


{made}


async def page(request: Request, session: AsyncSession, flag: bool, name: str):
    user = (await session.scalars(select(User))).one()
    return {shown}
"""
READS = "{{ user.posts }}"
RESPONSE = 'templates.TemplateResponse(request, "page.html", {"user": user, "flag": flag})'


def reads(folder: Path, made: str, shown: str) -> list[str]:
    """The fields for which attributes are read by templates."""
    (folder / "pyproject.toml").touch()
    path = folder / "app.py"
    path.write_text(PROGRAM.replace("{made}", made).replace("{shown}", shown))
    project = Workspace().project_for(str(path))
    source = project.source(project.module_name(str(path)))
    assert source is not None
    facts = interpret(source, project)
    return [fact.schema for fact in facts if isinstance(fact, AttributeSerialized)]


def write(folder: Path, **texts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text)


@pytest.mark.parametrize(
    ("where", "made"),
    [
        ("templates", 'templates = Jinja2Templates("templates")'),
        ("templates", 'templates = Jinja2Templates(directory=BASE / "templates")'),
        ("html/pages", "templates = Jinja2Templates(directory=DIRECTORY)"),
        ("html/pages", 'templates = Jinja2Templates(directory=["nowhere", BASE.joinpath("html", "pages")])'),
        ("html/pages", 'templates = Jinja2Templates(directory=str(Path("/srv/html/pages")[5:]))'),
        ("templates", "templates = Jinja2Templates(directory=settings.directory)"),
        ("html", 'templates = Jinja2Templates(env=Environment(loader=FileSystemLoader("html")))'),
        ("html", 'env = Environment(loader=FileSystemLoader(BASE / "html"))\ntemplates = Jinja2Templates(env=env)'),
        ("html", 'loader = ChoiceLoader([PackageLoader("app", "html")])\ntemplates = Jinja2Templates(env=Environment(loader=loader))'),
    ],
)
def test_directory(tmp_path: Path, where: str, made: str) -> None:
    write(tmp_path / where, page=READS)
    expected = [] if "[5:]" in made or "loader = Choice" in made else ["page.html:1"]
    assert reads(tmp_path, made, RESPONSE) == expected


MADE = 'templates = Jinja2Templates("templates")'


@pytest.mark.parametrize(
    "shown",
    [
        'templates.TemplateResponse("page.html", {"request": request, "user": user})',
        'templates.TemplateResponse(request=request, name="page.html", context=dict(user=user))',
        'templates.TemplateResponse(request, "page.html", {"request": request} | {"user": user})',
        'templates.get_template("page.html").render(user=user)',
        'templates.get_template("page.html").render({"user": user})',
        "templates.TemplateResponse(request, name, {'user': user})",
        "templates.TemplateResponse(request, 'other.html', {'user': user})",
    ],
)
def test_call(tmp_path: Path, shown: str) -> None:
    write(tmp_path / "templates", page=READS)
    said = not any(word in shown for word in ("dict(", "} | {", "request, name", "other"))
    assert reads(tmp_path, MADE, shown) == (["page.html:1"] if said else [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% for post in user.posts %}{{ post.id }}{% endfor %}", True),
        ("{% if user.posts %}yes{% endif %}", True),
        ("{% if flag %}{{ user.posts }}{% endif %}", False),
        ("{% if user %}{{ user.posts }}{% endif %}", True),
        ("{% if user is defined %}{{ user.posts }}{% endif %}", True),
        ("{% if not user %}{{ user.posts }}{% endif %}", False),
        ("{% if other is defined %}{{ user.posts }}{% endif %}", False),
        ("{{ user.posts if flag }}", False),
        ("{{ flag and user.posts }}", False),
        ("{{ user and user.posts }}", True),
        ("{% for each in flag %}{{ user.posts }}{% endfor %}", False),
        ("{% set u = user %}{{ u.posts | length }}", True),
        ("{% with u = user %}{{ u['posts'] | length }}{% endwith %}", True),
        ("{% macro m(u, deep=false) %}{{ u.id }}{% if deep %}{{ u.posts }}{% endif %}{% endmacro %}{{ m(user) }}", False),
        ("{% macro m(u, deep=false) %}{{ u.id }}{% if deep %}{{ u.posts }}{% endif %}{% endmacro %}{{ m(user, true) }}", True),
        ("{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ user.posts }}{% endcall %}", True),
        ("{% macro m() %}{% endmacro %}{% call m() %}{{ user.posts }}{% endcall %}", False),
        ("{% import 'lib.html' as lib %}{{ lib.show(user) }}", True),
        ("{% extends layout %}{% block a %}{{ user.posts }}{% endblock %}", False),
        ("{% extends 'lib.html' %}{% block a %}{{ user.posts }}{% endblock %}", False),
        ("{% include 'part.html' %}", True),
        ("{% include ['part.html', 'other.html'] %}", False),
        ("{% include 'part.html' without context %}", False),
        ("{% trans posts=user.posts | length %}{{ posts }}{% endtrans %}", True),
        ("{{ user.posts", False),
        ("{% unknown %}{{ user.posts }}", False),
        ("{{ users | map(attribute='posts') }}", False),
        ("{{ [user] | map(attribute='posts') | list }}", True),
        ("{{ user.posts.count }} {# twice #} {{ user.posts }}", True),
    ],
)
def test_text(tmp_path: Path, text: str, said: bool) -> None:
    library = "{% macro show(u) %}{{ u.posts }}{% endmacro %}"
    write(tmp_path / "templates", page=text, lib=library, part=READS)
    assert bool(reads(tmp_path, MADE, RESPONSE)) is said


def test_two_files_may_be_meant(tmp_path: Path) -> None:
    write(tmp_path / "templates", page="nothing")
    write(tmp_path / "app" / "templates", page=READS)
    app = tmp_path / "app"
    assert reads(app, MADE, RESPONSE) == ["page.html:1"]
    (app / "pyproject.toml").unlink()
    (tmp_path / "pyproject.toml").touch()
    path = app / "app.py"
    project = Workspace().project_for(str(path))
    source = project.source(project.module_name(str(path)))
    assert source is not None
    assert not [fact for fact in interpret(source, project) if isinstance(fact, AttributeSerialized)]


def test_without_jinja(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "templates", page=READS)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert reads(tmp_path, MADE, RESPONSE) == []


def test_a_template_is_part_of_what_was_asked(tmp_path: Path) -> None:
    from flake8_async_orm.consulted import Consulted

    write(tmp_path / "templates", page=READS)
    (tmp_path / "pyproject.toml").touch()
    path = tmp_path / "app.py"
    path.write_text(PROGRAM.replace("{made}", MADE).replace("{shown}", RESPONSE))
    asked = Consulted()
    project = Workspace(consulted=asked).project_for(str(path))
    source = project.source(project.module_name(str(path)))
    assert source is not None
    interpret(source, project)
    assert f"f{tmp_path / 'templates' / 'page.html'}" in asked.answers
