"""What a schema reads of the instances that it writes out."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

import pytest

from flake8_async_orm.project import Project

Build = Callable[[Mapping[str, str]], Project]

HEAD = """
from __future__ import annotations
from typing import Annotated, Any, ClassVar, Generic, Optional, TypeVar
from marshmallow import Schema, fields
from pydantic import BaseModel, ConfigDict, Field, computed_field, field_validator, model_validator
from sqlmodel import SQLModel
class PostRead(BaseModel):
    id: int
"""

READS = {
    "fields": ("class X(BaseModel):\n    id: int\n    posts: list[PostRead] = []", ["id", "posts:PostRead"]),
    "inherited": ("class B(BaseModel):\n    id: int\nclass X(B):\n    name: str", ["name", "id"]),
    "overridden": ("class B(BaseModel):\n    a: Any\nclass X(B):\n    a: PostRead", ["a:PostRead"]),
    "optional": ("class X(BaseModel):\n    a: PostRead | None\n    b: Optional[PostRead]", ["a:PostRead", "b:PostRead"]),
    "quoted": ("class X(BaseModel):\n    a: 'list[PostRead]'\n    b: list['PostRead']", ["a:PostRead", "b:PostRead"]),
    "of two": ("class Y(BaseModel): ...\nclass X(BaseModel):\n    a: PostRead | Y", ["a"]),
    "annotated": ("class X(BaseModel):\n    a: Annotated[PostRead, Field(alias='b')]", ["a<b:PostRead"]),
    "alias": ("class X(BaseModel):\n    a: int = Field(alias='b')\n    c: int = Field(validation_alias='d')", ["a<b", "c<d"]),
    "unreadable alias": ("class X(BaseModel):\n    a: int = Field(alias=name())\n    b: int", ["b"]),
    "by name too": (
        "class X(BaseModel):\n    model_config = ConfigDict(populate_by_name=True)\n    a: int = Field(alias='b')",
        ["a<b|a"],
    ),
    "renamed": ("class X(BaseModel):\n    model_config = {'alias_generator': camel}\n    a: int", None),
    "renamed, by name too": (
        "class X(BaseModel):\n    class Config:\n        alias_generator = camel\n        populate_by_name = True\n    a: int",
        ["a"],
    ),
    "not fields": ("class X(BaseModel):\n    a: ClassVar[int]\n    _b: int\n    model_config = ConfigDict()\n    c = 1", []),
    "validator before": (
        "class X(BaseModel):\n    a: int\n    @model_validator(mode='before')\n    @classmethod\n    def f(cls, d): return {}",
        None,
    ),
    "validator after": (
        "class X(BaseModel):\n    a: int\n    @model_validator(mode='after')\n    def f(self): return self",
        ["a"],
    ),
    "validator of a field": (
        "class X(BaseModel):\n    a: int\n    @field_validator('a', mode='before')\n    def f(cls, v): return 1",
        ["a"],
    ),
    "own model_validate": ("class X(BaseModel):\n    a: int\n    @classmethod\n    def model_validate(cls, o): ...", None),
    "sqlmodel": ("class X(SQLModel):\n    a: int\n    posts: list[PostRead]", ["a", "posts:PostRead"]),
    "a table": ("class X(SQLModel, table=True):\n    a: int = Field(primary_key=True)", None),
    "no schema": ("class X:\n    a: int", None),
    "generic": ("T = TypeVar('T')\nclass X(BaseModel, Generic[T]):\n    items: list[T]", ["items"]),
    "marshmallow": (
        "class P(Schema):\n    id = fields.Int()\n"
        "class X(Schema):\n    a = fields.Str(attribute='b')\n    p = fields.List(fields.Nested(P))\n"
        "    q = fields.Nested('P', many=True)\n    r = fields.Nested(lambda: P())\n    s = fields.Method('f')\n"
        "    t = fields.Str(load_only=True)",
        ["a<b", "p:P", "q:P", "r:P"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), READS.values(), ids=READS.keys())
def test_schema(project: Build, text: str, expected: list[str] | None) -> None:
    found = project({"app/__init__.py": HEAD + textwrap.dedent(text)}).schemas.schema("app.X")
    if expected is None:
        assert found is None
        return
    assert found is not None
    shown = []
    for field in found.fields:
        reads = "" if field.reads == (field.name,) else f"<{'|'.join(field.reads)}"
        shown.append(f"{field.name}{reads}" + (f":{field.schema.rpartition('.')[2]}" if field.schema else ""))
    assert shown == expected


def test_fields_of_another_module(project: Build) -> None:
    built = project(
        {
            "app/__init__.py": "",
            "app/base.py": "from pydantic import BaseModel\nclass Base(BaseModel):\n    id: int",
            "app/read.py": "from app.base import Base\nclass Read(Base):\n    others: list['Read']",
        }
    )
    found = built.schemas.schema("app.read.Read")
    assert found is not None and found.complete
    assert [(f.name, f.schema, f.module) for f in found.fields] == [
        ("others", "app.read.Read", "app.read"),
        ("id", None, "app.base"),
    ]
