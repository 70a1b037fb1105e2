"""Coroutines that run at the same time, and the sessions that they work on.

`Frame.works` has, for each coroutine made here, the places on which awaiting it surely does database work. A place stands for a session;
that of an instance of unknown session stands for the session that it belongs to.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import SessionShared
from flake8_async_orm.flow import ledgers, origins
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Outcome, Substitution
from flake8_async_orm.flow.reaching import written
from flake8_async_orm.lattice import SessionState, State
from flake8_async_orm.ledger import Running
from flake8_async_orm.values import (
    ApiObject,
    Awaitable,
    Collection,
    Coroutine,
    Instance,
    Object,
    OneOf,
    Place,
    Site,
    Tuple,
    Value,
    replace,
)

Work = tuple[Site, frozenset[Place]]
Overlap = tuple[Place, Place, Site]


def works(frame: Frame, site: Site, places: frozenset[Place]) -> None:
    """The coroutine made at `site` surely works on the sessions at `places`."""
    if places:
        frame.works[site] = places


def of_callee(frame: Frame, state: State, outcome: Outcome, substitution: Substitution) -> frozenset[Place]:
    """The sessions on which a call surely works, in the caller's places."""
    found: set[Place] = set()
    for place in outcome.works:
        here = place if substitution.surrounds(place) else substitution.place(place)
        if here is not None:
            found.add(origins.same(frame, ledgers.canonical(state, here)))
    return frozenset(found)


def of_instance(state: State, owner: Instance, attribute: str) -> frozenset[Place]:
    """The session that loads `awaitable_attrs.attribute` of `owner`, where the attribute surely has to be loaded."""
    known = state.instance(owner.place)
    if known is None or owner.place is None or known.attributes.get(attribute) not in ("unloaded", "expired"):
        return frozenset()
    return frozenset((known.session if known.session is not None else owner.place.at("(session)"),))


# -- at the same time ---------------------------------------------------------------------------------------------------


def together(frame: Frame, state: State, values: list[Value], site: Site) -> None:
    """`values` are awaited at the same time by the call at `site`."""
    if not frame.works:
        return
    alone = dict.fromkeys(value for value in values if isinstance(value, Coroutine))
    # one coroutine that is given twice is run once
    distinct = [*alone, *(value for value in values if not isinstance(value, Coroutine))]
    found = [work for value in distinct for work in _surely(frame, state, value)]
    for place in sorted({place for _, places in found for place in places}, key=repr):
        sites = [each for each, places in found if place in places]
        if len(sites) > 1:
            _state(frame, state, place, site, "together", tuple(dict.fromkeys(sites)))
            return
    if len(found) > 1 and not frame.returned and _in_any_case(frame, site):
        frame.overlaps |= _handed(found, site)


def _in_any_case(frame: Frame, site: Site) -> bool:
    """Whether nothing decides in the body if what stands at `site` is done at all."""
    above: cst.CSTNode | None = frame.source.nodes[site.node] if site.path == frame.path else None
    while above is not None and not isinstance(above, cst.FunctionDef):
        if isinstance(above, (cst.If, cst.IfExp, cst.While, cst.For, cst.Match, cst.BooleanOperation, cst.ExceptHandler)):
            return False
        above = written(frame.source).parent(above)
    return above is not None


def _handed(found: list[Work], site: Site) -> set[Overlap]:
    """Sessions that come from the callers, and that are worked on at the same time at `site`: two may be one there."""
    mine = [(task, place) for task, places in found for place in places if str(place.root).startswith("param:")]
    return {
        (min(one, other, key=repr), max(one, other, key=repr), site)
        for task, one in mine
        for beside, other in mine
        if task != beside and one != other
    }


def called(frame: Frame, state: State, overlaps: frozenset[Overlap], substitution: Substitution, site: Site) -> None:
    """A function was called that works at the same time on sessions which it is given: here is known whether they are one."""
    for one, other, where in sorted(overlaps, key=repr):
        places = [substitution.place(place) for place in (one, other)]
        first, second = (origins.same(frame, ledgers.canonical(state, p)) if p is not None else None for p in places)
        if first is None or second is None:
            continue
        if first == second:
            _state(frame, state, first, site, "together", (where,))
            return
        frame.overlaps |= _handed([(site, frozenset({first})), (where, frozenset({second}))], where)


def gathering(frame: Frame, state: State, node: cst.Call) -> None:
    """The call `node` awaits at once what it is given: where that are parameters of the body, its callers hear of it."""
    own = {parameter.name for parameter in frame.function.parameters} if frame.function is not None else set()
    for argument in node.args:
        name = argument.value.value if argument.star == "*" and isinstance(argument.value, cst.Name) else ""
        # what was assigned to it since has a site
        if name in own and name in state.names and state.names[name].site is None:
            frame.gathered.add(name)


def _surely(frame: Frame, state: State, value: Value) -> list[Work]:
    """The coroutines in `value` that surely run, each as often as it surely may."""
    match value:
        case Coroutine(site=site):
            return [(site, frame.works.get(site, frozenset()))]
        case Awaitable(task=Site() as task):
            return [(task, _while_running(frame, state, task))]
        case Tuple(items=items):
            distinct: dict[Work, None] = {}
            for item in items:
                distinct.update(dict.fromkeys(_surely(frame, state, item)))
            return list(distinct)
        case Collection(of=of, kind=kind) if kind != "dict":
            repeated = [(task, frame.repeated.get(task, frozenset())) for task in tasks_in(of)]
            return repeated * 2
        case OneOf(options=options):
            each = [_surely(frame, state, option) for option in sorted(options, key=repr)]
            if all(len(works) == 1 for works in each):
                common = frozenset.intersection(*(works[0][1] for works in each))
                return [(each[0][0][0], common)]
            return []
        case _:
            return []


def _while_running(frame: Frame, state: State, task: Site) -> frozenset[Place]:
    places = frame.works.get(task, frozenset())
    return frozenset(p for p in places if Running(task, "task") in ledgers.of(state, p).running)


def tasks_in(value: Value) -> list[Site]:
    """The sites of the coroutines in a value, those that run as tasks included."""
    match value:
        case Coroutine(site=site) | Awaitable(task=Site() as site):
            return [site]
        case Tuple(items=items):
            return [task for item in items for task in tasks_in(item)]
        case Collection(of=of):
            return tasks_in(of)
        case OneOf(options=options):
            return sorted({task for option in options for task in tasks_in(option)})
        case _:
            return []


def repeat(frame: Frame, before: State, state: State, value: Value) -> None:
    """`value` is collected over and over, by a comprehension or in a loop that began with `before`."""
    frame.many.update(place for place in ledgers.sessions_in(value) if not is_same(frame, before, place))
    for task in tasks_in(value) if frame.works else ():
        places = frame.works.get(task, frozenset())
        if not isinstance(value, Coroutine):
            places &= _while_running(frame, state, task) if isinstance(value, Awaitable) else places
        same = frozenset(place for place in places if is_same(frame, before, place))
        if same and not any(isinstance(b.value, Coroutine) and b.value.site == task for b in before.names.values()):
            frame.repeated[task] = same


def collected(frame: Frame, state: State, value: Value) -> None:
    """A comprehension makes `value` over and over: a task that it begins runs beside the others."""
    for task in tasks_in(value) if isinstance(value, Awaitable) else ():
        for place in sorted(frame.repeated.get(task, ()), key=repr):
            _state(frame, state, place, frame.begun.get(task, task), "loop", (task,))


def serialized(before: State, after: State) -> None:
    """A block was left in which but one task is at a time: what was done in it is done by nobody else meanwhile."""
    for place, known in list(after.heap.items()):
        if isinstance(known, SessionState) and known.ledger.worked and not ledgers.of(before, place).worked:
            after.heap[place] = replace(known, ledger=replace(known.ledger, worked=False))


def is_same(frame: Frame, before: State, place: Place) -> bool:
    """Whether `place` is one session that was there in the state `before`: before a loop, or around a nested function."""
    if place in frame.many or "[]" in place.path or "(session)" in place.path:
        return False
    if isinstance(place.root, str) and place.root.startswith("global:"):
        return True
    for binding in before.names.values():
        value = binding.value
        options = value.options if isinstance(value, OneOf) else (value,)
        for option in options:
            match option:
                case ApiObject(place=Place() as held):
                    if held == place:
                        return True
                case Object(place=Place() as held) | Instance(place=Place() as held):
                    if held.root == place.root and held.path == place.path[: len(held.path)]:
                        return True
    return False


def surrounds(frame: Frame, place: Place) -> bool:
    """Whether a nested function has the session at `place` from the functions around it."""
    inner: Frame | None = frame
    while inner is not None and inner.outer is not None and inner.outer_frame is not None:
        if is_same(inner.outer_frame, inner.outer, place):
            return True
        inner = inner.outer_frame
    return False


# -- tasks ----------------------------------------------------------------------------------------------------------------


def started(frame: Frame, state: State, value: Value, site: Site) -> Site | None:
    """A task that awaits `value` was begun at `site`; gives what stands for the task, where it works on a session."""
    if not isinstance(value, Coroutine):
        return None
    places = frame.works.get(value.site, frozenset())
    if places:
        frame.begun[value.site] = site
    for place in sorted(places, key=repr):
        ledger = ledgers.of(state, place)
        others = sorted(each.site for each in ledger.running if each.kind == "task")
        if others:
            _state(frame, state, place, site, "task", (*others, value.site))
        put_running(state, place, ledger.running | {Running(value.site, "task")})
        frame.running.add(place)
    return value.site if places else None


def overlapped(frame: Frame, state: State, value: Value) -> None:
    """`value` is awaited here: do tasks that were begun and not waited for work on its session?"""
    if not frame.running or not isinstance(value, Coroutine):
        return
    for place in sorted(frame.works.get(value.site, frozenset()) & frame.running, key=repr):
        others = sorted(each.site for each in ledgers.of(state, place).running if each.kind == "task")
        if others:
            _state(frame, state, place, value.site, "beside", (*others, value.site))


def waited(frame: Frame, state: State) -> None:
    """Something was awaited: tasks begun before may have come to their end."""
    for place in frame.running:
        running = ledgers.of(state, place).running
        if running:
            put_running(state, place, frozenset(each for each in running if each.kind != "task"))


def cancelled(state: State, value: Value) -> None:
    """The tasks in `value` were cancelled."""
    tasks = set(tasks_in(value))
    for place, known in list(state.heap.items()) if tasks else ():
        if isinstance(known, SessionState) and known.ledger.running:
            rest = frozenset(each for each in known.ledger.running if each.kind != "task" or each.site not in tasks)
            put_running(state, place, rest)


def turned(frame: Frame, before: State, end: State | None) -> None:
    """A turn of a loop that began with `before` has ended: a task begun in it and not waited for runs beside the next turn's."""
    if not frame.running or end is None:
        return
    for place in sorted(frame.running, key=repr):
        if not is_same(frame, before, place):
            continue
        fresh = ledgers.of(end, place).running - ledgers.of(before, place).running
        for task in sorted(each.site for each in fresh if each.kind == "task"):
            _state(frame, end, place, frame.begun.get(task, task), "loop", (task,))


def handled(frame: Frame, state: State) -> None:
    """The body is a handler of requests, which run at the same time: what it shares with others it shares with itself."""
    for place, site in frame.global_work.items():
        _state(frame, state, place, site, "handler", ())


def put_running(state: State, place: Place, running: frozenset[Running]) -> None:
    """Write down what runs on the session at `place`."""
    held = state.session(place)
    if isinstance(state.heap.get(place, held), SessionState):
        state.heap[place] = replace(held, ledger=replace(held.ledger, running=running))


def _state(frame: Frame, state: State, place: Place, site: Site, how: str, tasks: tuple[Site, ...]) -> None:
    frame.state_fact(SessionShared(site, ledgers.name_of(state, place), how, tasks), how)
