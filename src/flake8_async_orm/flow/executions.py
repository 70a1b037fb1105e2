"""What sessions and connections are given to execute."""

from __future__ import annotations

from flake8_async_orm.facts import PlainSqlExecuted
from flake8_async_orm.flow.calls import Argument
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names
from flake8_async_orm.values import ApiObject, Constant, Text


def given(frame: Frame, receiver: ApiObject, name: str, arguments: list[Argument]) -> None:
    """`receiver.name(...)` executes its first argument; a string there is a fact where all targeted versions refuse it."""
    statement = next((a for a in arguments if a.keyword == "statement"), arguments[0] if arguments else None)
    if statement is None or statement.star or statement.keyword not in (None, "statement"):
        return
    content: str | None = None
    match statement.value:
        case Constant(value=str() as literal):
            content = literal
        case Text():
            pass
        case _:
            return
    if "1.4" in frame.program.versions and receiver.cls != "AsyncConnection":
        # there sessions take strings, and so do connections that are not of the future kind
        return
    frame.state_fact(
        PlainSqlExecuted(
            statement.site,
            f"{names.shown(receiver.cls)}.{name}",
            content,
            receiver.cls in names.CONNECTIONS,
        )
    )
