"""Detached instances that a session takes up again.

What it then answers by itself was found by running SQLAlchemy 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import MADE, keyed_there, subfamily
from flake8_async_orm.flow.loading import is_async
from flake8_async_orm.lattice import InstanceState, State
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.values import ApiObject, replace


def attached_again(frame: Frame, state: State, session: ApiObject, known: InstanceState) -> InstanceState:
    """A detached instance is in `session`, which answers for a key that is NULL, or for what it holds."""
    mapped = frame.program.project.mapped(known.model)
    met = state.session(session.place).models

    def may_answer(owner: MappedClass, attribute: MappedAttribute) -> bool:
        if attribute.kind != "relationship" or attribute.uselist is True or keyed_there(frame, owner, attribute):
            return False
        if known.origin_text == MADE or attribute.target is None:
            return True
        return not met.isdisjoint({attribute.target, *subfamily(frame, attribute.target)})

    marks: dict[str, str] = {}
    if mapped is not None:
        unloaded = [a for a in mapped.tracked if known.attributes.get(a.name) == "unloaded"]
        marks = {attribute.name: "maybe" for attribute in unloaded if may_answer(mapped, attribute)}
    return replace(known.set(marks), session=session.place, session_async=is_async(session), detached=None)
