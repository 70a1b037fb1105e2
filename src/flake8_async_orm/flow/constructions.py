"""Sessions, engines and factories being made: constructors, and the factories' calls."""

from __future__ import annotations

from flake8_async_orm.flow import (
    binds,
    ledgers,
    transactions,
)
from flake8_async_orm.flow.annotations import instance_of
from flake8_async_orm.flow.calls import Argument, take
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import State, without_none
from flake8_async_orm.values import (
    MADE,
    ApiObject,
    Because,
    Callable,
    Class,
    Constant,
    Place,
    Site,
    Unknown,
    Value,
    replace,
)

#: settings of a session that are followed, with SQLAlchemy's defaults
OPTIONS: dict[str, object] = {"expire_on_commit": True, "autoflush": True}


def called_factory(factory: ApiObject, arguments: list[Argument], site: Site) -> Value:
    """The session that a factory makes at `site`."""
    made = factory.of
    if not isinstance(made, ApiObject):
        return Unknown("factory of something unknown")
    flags = settings(arguments, dict(factory.flags)) | ledgers.bound_to(arguments)
    return replace(made, place=Place(site), flags=flags, because=Because("factory", site, factory.place))


def settings(arguments: list[Argument], inherited: dict[str, object]) -> frozenset[tuple[str, object]]:
    """What of `OPTIONS` the keyword arguments and what they override say; None where that cannot be read."""
    known = dict(inherited)
    for argument in arguments:
        if argument.keyword in OPTIONS:
            value = argument.value.value if isinstance(argument.value, Constant) else None
            known[argument.keyword] = value if isinstance(value, bool) else None
        elif argument.star == "**":
            known.update(dict.fromkeys(OPTIONS))
    return frozenset(known.items())


def construct(frame: Frame, state: State, cls: Class, api_name: str, arguments: list[Argument], site: Site) -> Value:
    """A class of SQLAlchemy's API, or a subclass of one, is called."""
    take(frame, arguments)
    if frame.loops:
        transactions.forget(state, site)
    subclass = cls.name if names.api_class(cls.name) is None else None
    if api_name in names.FACTORIES:
        return _factory(frame, cls, api_name, arguments, site)
    if api_name in ("async_scoped_session", "scoped_session"):
        return _registry(frame, cls, api_name, arguments, site)
    if api_name in names.SESSIONS:
        flags = settings(arguments, OPTIONS if subclass is None else dict.fromkeys(OPTIONS)) | _made(api_name)
        flags |= ledgers.bound_to(arguments)
        made = ApiObject(api_name, Place(site), flags=flags, because=Because("constructor", site), subclass=subclass)
        binds.given(frame, made, names.shown(names.last(cls.name)), arguments)
        ledgers.made(frame, state, made, site)
        return made
    flags = _made(api_name)
    return ApiObject(api_name, Place(site), flags=flags, because=Because("constructor", site), subclass=subclass)


def _registry(frame: Frame, cls: Class, api_name: str, arguments: list[Argument], site: Site) -> Value:

    session = registries.sessions(frame, arguments)
    registries.made(frame, cls, arguments, session, site)
    if api_name == "scoped_session" and session is not None and session.cls in names.ASYNC_SESSIONS:
        # its members hand on what the async session's give, but for `remove`
        return Callable(session)
    factory = without_none(arguments[0].value) if arguments else None
    flags = factory.flags if isinstance(factory, ApiObject) else frozenset()
    of = factory.of if isinstance(factory, ApiObject) else None
    return ApiObject(api_name, Place(site), of=of, flags=flags)


def _made(api_name: str) -> frozenset[tuple[str, object]]:
    """The flag of sync objects that are made here; of async ones nobody doubts what they are."""
    return frozenset() if api_name in names.ASYNC_CLASSES else frozenset({MADE})


def _factory(frame: Frame, cls: Class, api_name: str, arguments: list[Argument], site: Site) -> Value:
    wanted = next((a.value for a in arguments if a.keyword == "class_"), None)
    splat = any(a.star == "**" for a in arguments)
    if isinstance(wanted, Class):
        made: Value = instance_of(frame.program, wanted)
    elif wanted is not None or (splat and api_name == "sessionmaker"):
        made = Unknown("class_ not known")
    elif cls.args and isinstance(cls.args[0], Class):
        made = instance_of(frame.program, cls.args[0])
    else:
        made = ApiObject("AsyncSession" if api_name == "async_sessionmaker" else "Session")
    flags = settings(arguments, OPTIONS)
    if isinstance(made, ApiObject):
        flags |= _made(made.cls)
    flags |= ledgers.bound_to(arguments)
    binds.given(frame, made, api_name, arguments)
    return ApiObject(api_name, Place(site), of=made, flags=flags, because=Because("constructor", site))


# these need what is defined above
from flake8_async_orm.flow import registries  # noqa: E402
