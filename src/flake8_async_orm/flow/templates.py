"""Templates are rendered: which one, by whom, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow import coroutines, template_bodies
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import templating
from flake8_async_orm.lattice import State, without_none
from flake8_async_orm.project.definitions import Assignment
from flake8_async_orm.values import (
    TEXT,
    Class,
    Collection,
    Constant,
    Function,
    Keywords,
    Object,
    Place,
    Site,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument

_RESPONSE = "TemplateResponse"
_GET = "get_template"


def is_renderer(frame: Frame, cls: Class, name: str) -> bool:
    """Whether the method `name` of an object of this class finds a template or renders one."""
    if name not in (_RESPONSE, _GET, *templating.RENDERING):
        return False
    if cls.name in templating.TEMPLATES:
        return name in templating.RENDERING
    order = (cls.name, *frame.program.project.mro(cls.name)[0])
    if any(base in templating.RESPONDING for base in order):
        return name in (_RESPONSE, _GET)
    return name == _GET and any(base in templating.ENVIRONMENTS for base in order)


def overridden(frame: Frame, state: State, function: Function, arguments: list[Argument], site: Site) -> None:
    """A project's own `TemplateResponse` is called: its class hands the name and the context on to the one it derives from."""
    receiver = function.receiver
    if isinstance(receiver, Object) and is_renderer(frame, receiver.cls, _RESPONSE):
        found = frame.program.function_definition(function.name)
        if found is not None and {"name", "context"} <= {parameter.name for parameter in found[1].parameters}:
            _respond(frame, state, receiver, arguments, site)


def called(frame: Frame, state: State, receiver: Object, name: str, arguments: list[Argument], site: Site) -> Value:
    """A method of an environment, a template, or of `Jinja2Templates` is called."""
    for argument in arguments:
        coroutines.consume(frame, argument.value)
    if name == _RESPONSE:
        _respond(frame, state, receiver, arguments, site)
        return Unknown("a response")
    if name == _GET:
        wanted = _text(_given(arguments, 0, "name"))
        where = _directories(frame, receiver)
        if wanted is None or where is None:
            return Unknown("a template")
        found = (Constant(wanted), Constant(where[0]), *map(Constant, where[1]))
        return Object(Class(templating.TEMPLATE, found), Place(site))
    match receiver.cls.args:
        case (Constant(value=str() as wanted), Constant(value=str() as near), *directories):
            ends = tuple(str(one.value) for one in directories if isinstance(one, Constant))
            path = frame.program.project.templates.find(wanted, near, ends)
            context = _context([a for a in arguments if a.keyword is not None], _given(arguments, 0, ""))
            template_bodies.render(frame, state, path, context, site, (near, ends))
    return TEXT if name == "render" else Unknown("rendered")


def function_called(frame: Frame, state: State, dotted: str, arguments: list[Argument], site: Site) -> Value:
    """A function is called that renders a template by its name."""
    for argument in arguments:
        coroutines.consume(frame, argument.value)
    name_at, context_at = templating.FUNCTIONS[dotted]
    wanted = _text(_given(arguments, name_at, "template_name"))
    given = _given(arguments, context_at, "context") if context_at >= 0 else None
    keywords = [a for a in arguments if a.keyword is not None] if context_at < 0 else []
    if wanted is not None:
        path = frame.program.project.templates.find(wanted, frame.path, ())
        template_bodies.render(frame, state, path, _context(keywords, given), site, (frame.path, ()))
    return Unknown("rendered")


def _respond(frame: Frame, state: State, receiver: Object, arguments: list[Argument], site: Site) -> None:
    # before Starlette 0.29 the name came first, and the request was in the context
    shift = 0 if _text(_given(arguments, 0, "")) is not None else 1
    wanted = _text(_given(arguments, shift, "name"))
    context = _given(arguments, shift + 1, "context")
    where = _directories(frame, receiver)
    if wanted is not None and where is not None and context is not None:
        path = frame.program.project.templates.find(wanted, *where)
        template_bodies.render(frame, state, path, _context([], context), site, where)


def _given(arguments: list[Argument], position: int, keyword: str) -> Value | None:
    for argument in arguments:
        if argument.keyword == keyword and keyword:
            return argument.value
    plain = [argument for argument in arguments if argument.keyword is None]
    if any(argument.star for argument in plain[: position + 1]) or not 0 <= position < len(plain):
        return None
    return plain[position].value


def _text(value: Value | None) -> str | None:
    return value.value if isinstance(value, Constant) and isinstance(value.value, str) else None


def _context(keywords: list[Argument], given: Value | None) -> dict[str, Value]:
    """What a template is given, by name; what is not known is left out."""
    found: dict[str, Value] = {}
    held = without_none(given) if given is not None else None
    if isinstance(held, Collection):
        # what is unpacked later may replace what came before
        for name, _ in held.entries:
            value = held.entry(name) if name != "**" else None
            if value is not None:
                found[name] = value
    elif isinstance(held, Keywords):
        found.update(held.items)
    found.update({a.keyword: a.value for a in keywords if a.keyword is not None and not a.star})
    return {name: value for name, value in found.items() if not isinstance(value, Unknown)}


def _directories(frame: Frame, receiver: Object) -> tuple[str, tuple[str, ...]] | None:
    """The file that makes the object by which templates are found, and what it says of directories."""
    made = _made_at(frame, receiver.place)
    if made is None:
        return frame.path, ()
    module, node, path = made
    ends = frame.program.project.templates.directories(module, node)
    return (path, ends) if ends is not None else None


def _made_at(frame: Frame, place: Place | None) -> tuple[str, cst.CSTNode, str] | None:
    """The call that made the object at `place`: its module, its node, its file."""
    if place is None or place.path:
        return None
    project = frame.program.project
    if isinstance(place.root, Site):
        if place.root.path != frame.path:
            return None
        return frame.module, frame.source.nodes[place.root.node], frame.path
    if not isinstance(place.root, str) or not place.root.startswith("global:"):
        return None
    module, _, name = place.root.removeprefix("global:").rpartition(".")
    source, definition = project.source(module), project.definition(module)
    for binding in reversed(definition.bindings.get(name, ())) if definition is not None else ():
        if isinstance(binding, Assignment) and binding.value is not None and source is not None:
            return module, source.nodes[binding.value], source.path
    return None
