"""What a thing of unknown making must be, told by how it is used.

A name (or `self.x`) is an async session or connection where an awaited call on it takes a SQLAlchemy statement, or where two different
members of theirs are awaited on it in the same body, one of which nothing else has, and where nothing is used of it that they lack. It
holds from that await on: other branches may hold something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow.scopes import walk
from flake8_async_orm.knowledge import api
from flake8_async_orm.lattice import Binding, ObjectState, SessionState, State
from flake8_async_orm.values import (
    FAKES,
    ApiObject,
    Because,
    BoundMember,
    Object,
    Place,
    Site,
    Statement,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from flake8_async_orm.flow.frame import Frame

#: members that take a statement
TAKES_STATEMENT = frozenset({"execute", "scalar", "scalars", "stream", "stream_scalars", "exec"})
#: coroutines that are asked for evidence
TELLING = TAKES_STATEMENT | {
    "commit",
    "rollback",
    "flush",
    "refresh",
    "merge",
    "delete",
    "get",
    "run_sync",
    "begin_nested",
}
#: two of these tell a session; every cache has `get` and `delete`
PAIRED = TELLING - {"get", "delete"}
#: of these at least one: other libraries' connections and files have `execute`, `commit`, `get` ... as well
SPECIFIC = frozenset({"flush", "refresh", "scalar", "scalars", "stream_scalars", "run_sync", "begin_nested", "merge"})
_KEYWORDS = frozenset(
    "statement params parameters execution_options bind_arguments entity ident options instance attribute_names load".split()
)
#: libraries whose connections take SQLAlchemy's statements too
_FOREIGN = re.compile(rb"^\s*(?:from|import)\s+(?:databases|aiopg|aiomysql|asyncpgsa|gino|ormar|orm)\b", re.MULTILINE)

#: what is read or called of a session without an instance being loaded
_LOADING_NOTHING = r"\.(?:(?:bind|info|is_active|get_bind|in_transaction|begin)\b|execute\(\s*(?:\w+\.)?text\()"

#: what people call a session
_NAMED = re.compile(r"(?:\w+_)?session")


@dataclass
class Uses:
    """How a body uses one name: all members, those that are awaited, and the names that awaited calls are bound to."""

    members: set[str] = field(default_factory=set)
    awaited: set[str] = field(default_factory=set)
    results: set[str] = field(default_factory=set)
    text: bool = False


def owner_of(node: cst.BaseExpression) -> str | None:
    """`session` or `self.session`, as far as evidence is gathered for it."""
    if type(node) is cst.Name:
        return node.value
    if type(node) is cst.Attribute and type(node.value) is cst.Name and node.value.value == "self":
        return f"self.{node.attr.value}"
    return None


def consider(frame: Frame, node: cst.BaseExpression, state: State) -> None:
    """`node` is about to be awaited: if it is a telling call on something unknown, say what that is from here on."""
    if type(node) is not cst.Call:
        return
    called = node.func
    if type(called) is not cst.Attribute or called.attr.value not in TELLING:
        return
    receiver, member = called.value, called.attr.value
    if type(receiver) is cst.Name:
        binding = state.names.get(receiver.value)
        if binding is None or not is_open(binding.value):
            return
        found = _judge(frame, node, receiver, member, state)
        if found is not None:
            place = (
                Place(f"param:{receiver.value}")
                if _is_parameter(frame, receiver.value)
                else Place(frame.site(receiver))
            )
            value = _value(frame, found, place, frame.site(node))
            if _used_before(frame, receiver):
                state.heap[place] = SessionState(models=frozenset({loading.ANYTHING}))
            state.names[receiver.value] = Binding(value, binding.complete, binding.missing, binding.site)
    elif type(receiver) is cst.Attribute and type(receiver.value) is cst.Name and receiver.value.value == "self":
        _consider_attribute(frame, node, receiver, member, state)


def _used_before(frame: Frame, receiver: cst.Name) -> bool:
    """Whether the body has had to do with what `receiver` names before, so that nobody knows what it has loaded."""
    assert frame.function is not None
    start, end = frame.source.span(frame.function.node).start, frame.source.span(frame.numbers[id(receiver)]).start
    return len(re.findall(rf"\b{receiver.value}\b(?!{_LOADING_NOTHING})", frame.source.text[start:end])) > 1


def _consider_attribute(frame: Frame, node: cst.Call, receiver: cst.Attribute, member: str, state: State) -> None:
    binding = state.names.get("self")
    holder = binding.value if binding is not None else None
    if not isinstance(holder, Object) or holder.place is None:
        return
    name = receiver.attr.value
    known = state.heap.get(holder.place)
    fields = dict(known.fields) if isinstance(known, ObjectState) else {}
    value = fields.get(name)
    if value is None:
        if frame.program.method(holder.cls.name, name) is not None:
            return
        value = frame.program.attribute(holder.cls, name)
    if not is_open(value):
        return
    found = _judge(frame, node, receiver, member, state)
    if found is not None:
        fields[name] = _value(frame, found, holder.place.at(name), frame.site(node))
        state.heap[holder.place] = ObjectState(fields)


def is_open(value: Value) -> bool:
    """Whether nothing is known of a value that use could contradict."""
    if isinstance(value, BoundMember):
        return is_open(value.receiver) or isinstance(value.receiver, Object)
    return isinstance(value, Unknown) and value.why not in FAKES


def _value(frame: Frame, cls: str, place: Place, site: Site) -> ApiObject:
    return ApiObject(cls, place, because=Because("evidence", site))


def _is_parameter(frame: Frame, name: str) -> bool:
    return frame.function is not None and any(parameter.name == name for parameter in frame.function.parameters)


def _judge(frame: Frame, node: cst.Call, receiver: cst.BaseExpression, member: str, state: State) -> str | None:
    """The class that the receiver of the awaited call `node` must be of, or None."""
    if frame.function is None or frame.patched or not frame.program.reaches(frame.module):
        return None
    name = owner_of(receiver)
    if name is None or _FOREIGN.search(frame.source.data):
        return None
    uses = uses_of(frame, name)
    if uses.text or not all(map(_has, uses.members)):
        return None
    if any(a.keyword is not None and a.keyword.value not in _KEYWORDS for a in node.args):
        return None
    together = uses.awaited & PAIRED
    if not (len(together) > 1 and together & SPECIFIC) and not (
        member in TAKES_STATEMENT and node.args and _is_statement(frame, node.args[0], state)
    ):
        return None
    of_sessions = {m for m in uses.members if api.has_member("AsyncSession", m)}
    of_connections = {m for m in uses.members if api.has_member("AsyncConnection", m)}
    if of_connections - of_sessions:
        return None if of_sessions - of_connections else "AsyncConnection"
    return "AsyncSession" if of_sessions - of_connections or "conn" not in name.lower() else "AsyncConnection"


def guessed(frame: Frame, name: str) -> ApiObject | None:
    """What a parameter is taken for that nothing is known of but its name, where such guesses are wanted: an async session,
    in an `async def` that asks nothing of it that an async session has not."""
    if not frame.program.settings.guesses or not frame.is_async or not _NAMED.fullmatch(name):
        return None
    if frame.patched or not frame.program.reaches(frame.module) or _FOREIGN.search(frame.source.data):
        return None
    uses = uses_of(frame, name)
    if uses.text or not all(api.has_member("AsyncSession", member) for member in uses.members):
        return None
    return ApiObject("AsyncSession", because=Because("name"))


def _has(member: str) -> bool:
    return any(api.has_member(cls, member) for cls in ("AsyncSession", "AsyncConnection", "Session"))


def _is_statement(frame: Frame, argument: cst.Arg, state: State) -> bool:

    if argument.star:
        return False
    frame.muted += 1
    try:
        return isinstance(evaluation.evaluate(frame, argument.value, state.copy()), Statement)
    finally:
        frame.muted -= 1


def uses_of(frame: Frame, name: str) -> Uses:
    """How the function that is being interpreted uses `name`; of `self.x` how all of its class do."""
    function = frame.function
    assert function is not None
    scope = function.node
    if name.startswith("self.") and function.cls is not None:
        found = frame.program.class_definition(f"{frame.module}.{function.cls}")
        scope = found[1].node if found is not None and found[0] == frame.module else scope
    key = ("uses", frame.source.path, scope)
    empty: dict[str, Uses] = {}
    return frame.program.once(key, lambda: gather(frame.source.nodes[scope]), empty).get(name, Uses())


def gather(node: cst.CSTNode) -> dict[str, Uses]:
    """The uses of every name and `self.x` in a piece of syntax."""
    found: dict[str, Uses] = {}
    awaited_names: set[str] = set()

    def uses(owner: str) -> Uses:
        return found.setdefault(owner, Uses())

    for current in walk(node):
        kind = type(current)
        if kind is cst.Attribute:
            owner = owner_of(current.value)
            if owner is not None:
                uses(owner).members.add(current.attr.value)
        elif kind is cst.Await and type(current.expression) is cst.Call:
            called = current.expression.func
            if type(called) is not cst.Attribute:
                continue
            owner = owner_of(called.value)
            if owner is None:
                continue
            awaited_names.add(owner)
            uses(owner).awaited.add(called.attr.value)
            first = current.expression.args[0].value if current.expression.args else None
            if called.attr.value in TAKES_STATEMENT and type(first) in (cst.SimpleString, cst.FormattedString):
                uses(owner).text = True
        elif kind is cst.Assign and type(current.value) is cst.Await and type(current.value.expression) is cst.Call:
            called = current.value.expression.func
            owner = owner_of(called.value) if type(called) is cst.Attribute else None
            if owner is not None and type(called) is cst.Attribute and called.attr.value == "execute":
                uses(owner).results.update(t.target.value for t in current.targets if type(t.target) is cst.Name)
    for one in found.values():
        # results that are awaited in turn are another library's
        one.text = one.text or bool(one.results & awaited_names)
    return found


# these need what is defined above
from flake8_async_orm.flow import evaluation, loading  # noqa: E402
