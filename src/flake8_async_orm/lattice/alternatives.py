"""Values where paths meet: one of a few, or unknown."""

from __future__ import annotations

from collections.abc import Iterable

from flake8_async_orm.values import (
    EMPTY,
    NONE,
    ApiObject,
    Class,
    Collection,
    Constant,
    Coroutine,
    Generator,
    Instance,
    Object,
    OneOf,
    Site,
    Statement,
    Tuple,
    Unknown,
    Value,
    replace,
)

#: more alternatives than this are Unknown
WIDEST = 4


def _same(left: Site | None, right: Site | None) -> Site | None:
    """A trail may name either site: the first in the file, so that the answer has no order."""
    if left is None or right is None:
        return None
    return min(left, right)


def join(left: Value, right: Value) -> Value:
    """The value where two paths meet: one of both, or Unknown where they are of different natures."""
    if left is right or left == right:
        return left
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return Unknown("paths disagree", held(left) | held(right))
    return one_of((left, right))


_HOLDING = frozenset({Unknown, Coroutine, Tuple, Collection, OneOf})


_NOTHING: frozenset[Site] = frozenset()


def held(value: Value) -> frozenset[Site]:
    """The sites of all coroutines in a value."""
    if type(value) not in _HOLDING:
        return _NOTHING
    match value:
        case Unknown(holds=holds):
            return holds
        case Coroutine(site=site):
            return frozenset((site,))
        case Tuple(items=items):
            return frozenset(site for item in items for site in held(item))
        case Collection(of=of):
            return held(of)
        case OneOf(options=options):
            return frozenset(site for option in options for site in held(option))
        case _:
            return frozenset()


def options_of(value: Value) -> frozenset[Value]:
    """What `value` may be, each by itself."""
    return value.options if isinstance(value, OneOf) else frozenset((value,))


def one_of(options: Iterable[Value]) -> Value:
    """The value that is one of `options`; Unknown where one of them is, or where there are too many."""
    given = list(options)
    if len(given) == 1 and not isinstance(given[0], (OneOf, Unknown)):
        return given[0]
    alternatives: set[Value] = set()
    for value in given:
        if isinstance(value, OneOf):
            alternatives |= value.options
        else:
            alternatives.add(value)
    found = frozenset(alternatives)
    for option in found:
        if isinstance(option, Unknown):
            return Unknown("one of several, not all known", held(OneOf(found)))
    if not found:
        return Unknown("nothing")
    if len(found) == 1:
        return next(iter(found))
    found = frozenset(_merge(found))
    if len(found) == 1:
        return next(iter(found))
    if any(isinstance(option, Unknown) for option in found):
        return Unknown("different literals", held(OneOf(found)))
    if len(found) > WIDEST:
        return Unknown("too many alternatives", held(OneOf(found)))
    return OneOf(found)


_ORDERED = frozenset({ApiObject, Collection, Statement, Generator, Tuple, Coroutine})


def _merge(options: frozenset[Value]) -> list[Value]:
    """Alternatives that differ only in identity or literal become one without it."""
    groups: dict[tuple[object, ...], list[Value]] = {}
    for option in options:
        groups.setdefault(_nature(option), []).append(option)
    if len(groups) == len(options):
        return list(options)
    merged: list[Value] = []
    for alike in groups.values():
        # of most kinds it does not matter which is the first
        value, *others = sorted(alike, key=repr) if type(alike[0]) in _ORDERED and len(alike) > 1 else alike
        for other in others:
            value = _weaken(value, other)
        merged.append(value)
    return merged


def _nature(value: Value) -> tuple[object, ...]:
    match value:
        case ApiObject(cls=cls, subclass=subclass):
            return ("api", cls, subclass)
        case Instance(model=model):
            return ("instance", model)
        case Object(cls=cls):
            return ("object", cls.name)
        case Collection(kind=kind):
            return ("collection", kind)
        case Statement(kind=kind, entities=entities):
            return ("statement", kind, entities)
        case Constant(value=literal):
            return ("constant", type(literal).__name__, literal if isinstance(literal, bool | None) else "")
        case Generator(callee=callee, is_async=is_async):
            return ("generator", callee, is_async)
        case Tuple(items=items, row=row):
            return ("tuple", len(items), row)
        case Coroutine(awaited=Site()):
            return ("value", replace(value, awaited=None))
        case _:
            return ("value", value)


def _weaken(left: Value, right: Value) -> Value:
    match left, right:
        case _ if left == right:
            return left
        case ApiObject(), ApiObject():
            of_both = left.of if left.of == right.of else join(left.of, right.of) if left.of and right.of else None
            place = left.place if left.place == right.place else None
            return replace(left, place=place, of=of_both, flags=left.flags & right.flags)
        case Instance(), Instance():
            return Instance(left.model)
        case Object(), Object():
            args = left.cls.args if left.cls.args == right.cls.args else ()
            return Object(Class(left.cls.name, args), left.place if left.place == right.place else None)
        case Collection(), Collection():
            of = right.of if left.of == EMPTY else left.of if right.of == EMPTY else join(left.of, right.of)
            return Collection(of, left.kind)
        case Statement(), Statement():
            same = left.loads == right.loads and left.complete == right.complete
            site, last = _same(left.site, right.site), _same(left.last, right.last)
            if same:
                return replace(left, site=site, last=last, flags=left.flags & right.flags)
            return replace(left, loads=(), complete=False, site=site, last=last, flags=left.flags & right.flags)
        case Generator(), Generator():
            return replace(left, of=join(left.of, right.of))
        case Tuple(), Tuple():
            return replace(left, items=tuple(map(join, left.items, right.items)))
        case Constant(), Constant():
            return Unknown("different literals")
        case Coroutine(), Coroutine():
            return replace(left, awaited=_same(left.awaited, right.awaited))
        case _:
            return Unknown("paths disagree", held(left) | held(right))


def instance_in(value: Value) -> Instance | None:
    """The instance that `value` is, or is when it is not None."""
    rest = [option for option in options_of(value) if option != NONE]
    return rest[0] if len(rest) == 1 and isinstance(rest[0], Instance) else None


def without_none(value: Value) -> Value:
    """`value` where it is known not to be None."""
    if not isinstance(value, OneOf):
        return value
    rest = [option for option in value.options if option != NONE]
    if len(rest) == 1:
        return rest[0]
    # what was one of several before is so without one of them
    return OneOf(frozenset(rest)) if rest and len(rest) < len(value.options) else value if rest else one_of(rest)


def may_be_none(value: Value) -> bool:
    return NONE in options_of(value)
