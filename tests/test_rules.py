"""Registration, and every rule on facts made by hand."""

from __future__ import annotations

import itertools
import os
import re
import sys
import types
from collections.abc import Callable, Iterator

import libcst as cst
import pytest

import facts_of_engines
import facts_of_instances
import facts_of_lifetimes
import facts_of_results
import facts_of_sessions
import facts_of_transactions
import flake8_async_orm.rules
from flake8_async_orm import facts
from flake8_async_orm.config import Config
from flake8_async_orm.edits import apply
from flake8_async_orm.facts import (
    AnalysisFailed,
    CommentSilencedNothing,
    ContextEntered,
    CoroutineDropped,
    CoroutineUsedAsValue,
    DynamicRelationshipQueried,
    ExpiredAttributeRead,
    Fact,
    GeneratedValueRead,
    GeneratorAwaited,
    MissingMemberUsed,
    NameReadUnbound,
    NonAwaitableAwaited,
    RelationshipRead,
)
from flake8_async_orm.fixes import BUILDERS, build
from flake8_async_orm.flow import interpret
from flake8_async_orm.project import Workspace
from flake8_async_orm.rule import REGISTRY, SECTIONS, Finding, RuleError, rule, short_name
from flake8_async_orm.source import Source
from flake8_async_orm.values import Site

PATH = "module.py"
A, B, C, D = (Site(PATH, number) for number in range(1, 5))
ELSEWHERE = Site("other.py", 1)

DOCUMENTED = '''"""A summary.

Why:
    Because.

Invalid:
    x

Valid:
    y

Limits:
    None.

See:
    Somewhere.
"""
'''
CHECK = "def check(fact: facts.CoroutineDropped) -> Finding | None:\n    return None\n"
_names = itertools.count()


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Run a rule module made of a docstring and a `check`, and register it under a code and a name."""

    def registering(code: str = "AOR799", name: str = "made-up", doc: str = DOCUMENTED, check: str = CHECK) -> None:
        module = types.ModuleType(f"made_up_rule_{next(_names)}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        module.__dict__.update(rule=rule, facts=facts, Finding=Finding)
        text = f"{doc}@rule({code!r}, {name!r}, since='0.1.0')\n{check}"
        exec(compile(text, "made_up.py", "exec"), module.__dict__)

    yield registering
    REGISTRY.pop("AOR799", None)


def test_a_rule_that_is_right_is_registered(register: Callable[..., None]) -> None:
    register()
    registered = REGISTRY["AOR799"]
    assert (registered.name, registered.facts, registered.summary) == ("made-up", (CoroutineDropped,), "A summary.")
    assert registered.sections["Why"] == "Because."
    assert registered.check(CoroutineDropped(A, "f", "statement", True)) is None


def test_a_rule_may_be_asked_about_several_kinds_of_facts(register: Callable[..., None]) -> None:
    register(check=CHECK.replace("facts.CoroutineDropped", "facts.CoroutineDropped | facts.UrlGiven"))
    assert REGISTRY["AOR799"].facts == (CoroutineDropped, facts.UrlGiven)


def test_a_finding_gets_the_code_and_the_name_of_its_rule(register: Callable[..., None]) -> None:
    register(check=CHECK.replace("return None", "return Finding('message', fact.site)"))
    finding = REGISTRY["AOR799"].check(CoroutineDropped(A, "f", "statement", True))
    assert finding == Finding("message", A, code="AOR799", name="made-up")


REFUSALS: list[tuple[dict[str, str], str]] = [
    ({"code": "AOR7"}, "the code `AOR7` is not AOR and three digits"),
    ({"code": "XYZ101"}, "the code `XYZ101` is not AOR and three digits"),
    ({"code": "AOR101"}, "the code `AOR101` is taken by the rule `missing-await`"),
    ({"name": "Made Up"}, "the name `Made Up` is not in lower case with hyphens"),
    ({"name": "made_up"}, "the name `made_up` is not in lower case with hyphens"),
    ({"doc": DOCUMENTED.replace("Invalid", "Wrong")}, "the module's docstring has no section `Invalid:`"),
    ({"doc": DOCUMENTED.replace("    Because.\n", "")}, "the module's docstring has no section `Why:`"),
    ({"doc": ""}, "the module's docstring has no section `Why:`"),
    (
        {"check": CHECK.replace("facts.CoroutineDropped", "str")},
        "the function takes exactly one parameter, annotated with a class of `facts`, or a union of some",
    ),
    (
        {"check": CHECK.replace(": facts.CoroutineDropped", "")},
        "the function takes exactly one parameter, annotated with a class of `facts`, or a union of some",
    ),
    (
        {"check": CHECK.replace("(fact", "(other, fact")},
        "the function takes exactly one parameter, annotated with a class of `facts`, or a union of some",
    ),
]


@pytest.mark.parametrize(("wrong", "sentence"), REFUSALS)
def test_a_rule_that_is_wrong_is_refused_with_a_sentence(
    register: Callable[..., None], wrong: dict[str, str], sentence: str
) -> None:
    before = dict(REGISTRY)
    with pytest.raises(RuleError) as refusal:
        register(**wrong)
    place, _, said = str(refusal.value).partition(": ")
    assert re.fullmatch(r"made_up\.py:\d+", place)
    assert said == sentence
    assert before == REGISTRY


def test_every_rule_is_a_module_named_for_it() -> None:
    modules = {f"{r.code.lower()}_{r.name.replace('-', '_')}" for r in REGISTRY.values()}
    files = {name.rpartition(".")[2] for name in sys.modules if name.startswith(f"{flake8_async_orm.rules.__name__}.")}
    assert modules == files
    assert len({r.name for r in REGISTRY.values()}) == len(REGISTRY)


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_documentation_is_whole(code: str) -> None:
    registered = REGISTRY[code]
    assert set(registered.sections) == {*SECTIONS, "Fix"}
    assert registered.summary.endswith(".")
    assert "https://" in registered.sections["See"]
    compile(registered.sections["Valid"], "Valid", "exec")
    if code != "AOR000":
        compile(registered.sections["Invalid"], "Invalid", "exec")


def test_short_names() -> None:
    assert short_name("app.crud.save") == "save"
    assert short_name("app.crud.Repo.save") == "Repo.save"
    assert short_name("AsyncSession.commit") == "AsyncSession.commit"
    assert short_name("save") == "save"


def dropped(how: str = "statement", in_async: bool = True, name: str | None = None) -> CoroutineDropped:
    return CoroutineDropped(A, "AsyncSession.commit", how, in_async, name)


def used(use: str = "attribute", direct: bool = True, **more: object) -> CoroutineUsedAsValue:
    values: dict[str, object] = {"callee": "AsyncSession.execute", "in_async": True, "detail": "scalars"} | more
    return CoroutineUsedAsValue(A, B, B if direct else C, use=use, direct=direct, **values)  # type: ignore[arg-type]


def missing(cls: str = "AsyncEngine", member: str = "execute", **more: object) -> MissingMemberUsed:
    values: dict[str, object] = {"call": C, "awaited": True, "in_async": True} | more
    return MissingMemberUsed(A, cls, member, B, **values)  # type: ignore[arg-type]


def unbound(where: str = "finally", none_before: bool = False) -> NameReadUnbound:
    return NameReadUnbound(A, "session", "AsyncSession", where, B, C, none_before)


def read(state: str = "unloaded", **more: object) -> RelationshipRead:
    values: dict[str, object] = {
        "origin": B,
        "origin_text": "loaded here",
        "statement": C,
        "path": (("app.User", "posts"), ("app.Post", "tags")),
    } | more
    return RelationshipRead(A, "app.Post", "tags", state, True, **values)  # type: ignore[arg-type]


def check(code: str, fact: Fact) -> Finding | None:
    return REGISTRY[code].check(fact)


def requests(code: str, fact: Fact) -> list[tuple[str, str, tuple[Site | None, ...]]]:
    finding = check(code, fact)
    assert finding is not None
    return [(request.builder, request.safety, request.sites) for request in finding.fixes]


#: modules that hold `FACTS` which are reported, and `SILENT` ones
BY_HAND = (
    facts_of_engines,
    facts_of_instances,
    facts_of_lifetimes,
    facts_of_results,
    facts_of_sessions,
    facts_of_transactions,
)
ALL: list[tuple[str, Fact]] = [
    ("AOR000", AnalysisFailed(A, "unexpected end of file", 3, 1)),
    *(("AOR101", dropped(how, in_async, "x")) for how in ("statement", "assigned", "container") for in_async in (1, 0)),
    *(
        ("AOR102", used(use, direct))
        for use in (
            "attribute call subscript iteration unpacking operator truth comparison none-check formatting argument return"
        ).split()
        for direct in (True, False)
    ),
    ("AOR102", used(in_async=False)),
    *(("AOR103", NonAwaitableAwaited(A, B, "AsyncSession.add", kind)) for kind in ("call", "value", "member")),
    ("AOR201", missing()),
    ("AOR201", missing("async_sessionmaker", "scalars")),
    ("AOR301", GeneratorAwaited(A, B, "app.get_session", "AsyncSession", C)),
    *(("AOR302", ContextEntered(A, True, how, "app.get", "AsyncSession")) for how in ("generator", "coroutine")),
    *(("AOR401", unbound(where, none)) for where in ("except", "finally", "after") for none in (True, False)),
    ("AOR501", read()),
    ("AOR501", read("raises")),
    *(pair for made in BY_HAND for pair in made.FACTS),
    ("AOR901", CommentSilencedNothing(A, ("AOR501",))),
    ("AOR901", CommentSilencedNothing(A, ("AOR501", "lazy-laod"), "unknown code `lazy-laod`; did you mean `lazy-load`?")),
]


@pytest.mark.parametrize(("code", "fact"), ALL)
def test_messages_follow_the_house_style(code: str, fact: Fact) -> None:
    finding = check(code, fact)
    assert finding is not None
    message = finding.message
    assert finding.site.path == PATH
    assert message[0] == "`" or message[0].islower()
    assert not message.endswith((".", "!"))
    assert message.count("`") % 2 == 0
    assert len(message) < 150
    assert re.search(r"; (write|make|drop|mend) ", message), "it ends with what to write instead"
    assert finding.help and not finding.help.endswith(".") and finding.help not in message
    titles = [request.title for request in finding.fixes]
    assert len(set(titles)) == len(titles)
    assert all(request.builder in BUILDERS for request in finding.fixes)
    assert all(text[0].islower() or text[0] == "`" for _, text in finding.related)


def test_every_rule_and_every_builder_is_exercised_here() -> None:
    assert {code for code, _ in ALL} == set(REGISTRY)
    asked = {request.builder for code, fact in ALL if (finding := check(code, fact)) for request in finding.fixes}
    more = read(awaitable_attrs=True, session_name="session")
    asked |= {builder for builder, _, _ in requests("AOR501", more)}
    asked |= {builder for builder, _, _ in requests("AOR103", NonAwaitableAwaited(A, B, "S.commit", "member"))}
    facts = (
        GeneratedValueRead(*(A, "m.U", "at", "column", "generated", False), *(None, "", B, "flush", None, False, True), mapping=B),
        ExpiredAttributeRead(*(A, "m.U", "at", "column", "expired", False), *(None, "", B, "commit", None, False, True), factory=B),
        DynamicRelationshipQueried(A, "m.U", "posts", "all", mapping=B),
    )
    for code, fact in zip(("AOR503", "AOR502", "AOR508"), facts, strict=True):
        asked |= {builder for builder, _, _ in requests(code, fact)}
    assert asked == set(BUILDERS)


def test_aor101() -> None:
    assert requests("AOR101", dropped()) == [("insert_await", "safe", (A,))]
    assert requests("AOR101", dropped("assigned", name="x")) == [("insert_await", "unsafe", (A,))]
    assert requests("AOR101", dropped(in_async=False)) == [("make_function_async", "suggestion", (A,))]
    finding = check("AOR101", dropped("assigned", name="x"))
    assert finding is not None and "assigned to `x`" in finding.message


def test_aor102_stands_at_the_coroutine_and_awaits_it_where_it_is_made() -> None:
    finding = check("AOR102", used(direct=False))
    assert finding is not None and finding.site == B
    assert finding.related == ((C, "made here, without `await`"),)
    assert requests("AOR102", used(direct=False)) == [("insert_await", "safe", (C, None, B))]
    assert requests("AOR102", used()) == [("insert_await", "safe", (B, None, None))]
    assert requests("AOR102", used(in_async=False)) == [("make_function_async", "suggestion", (B, None, None))]
    elsewhere = CoroutineUsedAsValue(A, B, ELSEWHERE, "app.f", "truth", "", True, False)
    assert requests("AOR102", elsewhere) == []


@pytest.mark.parametrize(
    ("more", "safety", "words"),
    [
        ({}, "safe", ()),
        ({"callee": "AsyncSession.stream"}, "safe", "all"),
        ({"callee": "app.find", "result": "AsyncResult"}, "safe", "all"),
        ({"callee": "app.find", "result": "Result"}, "safe", ()),
        ({"callee": "app.find"}, "suggestion", ()),
        ({"callee": "app.find", "whole_awaitable": True}, "safe", "*"),
        ({"callee": "app.find", "whole_awaitable": False}, "safe", ()),
    ],
)
def test_aor102_moves_an_await_where_it_is_known_what_the_chain_gives(
    more: dict[str, object], safety: str, words: object
) -> None:
    finding = check("AOR102", used(awaited_whole=D, **more))
    assert finding is not None
    (request,) = finding.fixes
    assert (request.safety, request.sites) == (safety, (B, D, None))
    assert words in request.words if words else request.words == ()


def test_aor103() -> None:
    assert requests("AOR103", NonAwaitableAwaited(A, B, "AsyncSession.add", "call")) == [("drop_await", "safe", (A,))]
    assert requests("AOR103", NonAwaitableAwaited(A, B, "AsyncSession", "value")) == [("drop_await", "safe", (A,))]
    member = NonAwaitableAwaited(A, B, "AsyncSession.commit", "member")
    assert requests("AOR103", member) == [("call_member", "safe", (B,))]
    assert requests("AOR103", NonAwaitableAwaited(A, B, "AsyncSession.execute", "member")) == []


def test_aor201() -> None:
    assert requests("AOR201", missing()) == [("enter_connection", "unsafe", (B, C))]
    assert requests("AOR201", missing("Engine", reached_by="sync_engine")) == [("enter_connection", "unsafe", (B, C))]
    assert requests("AOR201", missing("async_sessionmaker")) == [("enter_connection", "unsafe", (B, C))]
    for fact in (
        missing(call=None),
        missing(in_async=False),
        missing(member="stream"),
        missing("sessionmaker"),
        missing("async_sessionmaker", "commit"),
    ):
        assert requests("AOR201", fact) == []
    for silent in (missing("Engine"), missing(member="table_names"), missing("AsyncSession", "query")):
        assert check("AOR201", silent) is None
    assert requests("AOR201", missing("async_sessionmaker", "query")) == []
    assert check("AOR201", missing("async_sessionmaker", "bulk_save_objects")) is None


@pytest.mark.parametrize(("code", "fact"), [pair for made in BY_HAND for pair in made.SILENT])
def test_rules_of_engines_stay_silent(code: str, fact: Fact) -> None:
    assert check(code, fact) is None


def test_aor301_and_aor302() -> None:
    fact = GeneratorAwaited(A, B, "app.get_session", "AsyncSession", C)
    assert requests("AOR301", fact) == [("wrap_async_context_manager", "unsafe", (B, A))]
    entered = ContextEntered(A, True, "generator", "app.get_session", "AsyncSession", None, C)
    assert requests("AOR302", entered) == [("wrap_async_context_manager", "unsafe", (A,))]
    for found in (check("AOR301", fact), check("AOR302", entered)):
        assert found is not None and found.related[0][0] == C
    coroutine = ContextEntered(A, True, "coroutine", "app.make", "AsyncSession")
    assert requests("AOR302", coroutine) == [("insert_await", "safe", (A,))]
    assert requests("AOR302", ContextEntered(A, True, "coroutine", "app.make", "AsyncConnection")) == []
    for silent in (("manager", True), ("object", True), ("generator", False), ("coroutine", False)):
        assert check("AOR302", ContextEntered(A, silent[1], silent[0], "app.make", "AsyncSession")) is None


def test_aor401() -> None:
    assert requests("AOR401", unbound()) == [("bind_none_before", "safe", (A, C))]
    assert requests("AOR401", unbound(none_before=True)) == [("bind_none_before", "safe", (A, None))]


def test_aor501() -> None:
    finding = check("AOR501", read(read=D))
    assert finding is not None
    assert "selectinload(User.posts).selectinload(Post.tags)" in finding.message
    assert finding.related == ((B, "loaded here without `tags`"), (D, "`tags` is read here"))
    (request,) = finding.fixes
    assert request.words == ("app.User.posts", "app.Post.tags")
    assert requests("AOR501", read()) == [("add_loader_option", "safe", (C,))]
    full = read(awaitable_attrs=True, session_name="s")
    assert [builder for builder, _, _ in requests("AOR501", full)] == [
        "add_loader_option",
        "await_attribute",
        "refresh_before",
    ]
    assert requests("AOR501", read("raises", awaitable_attrs=True, session_name="s", statement=None)) == []
    assert check("AOR501", read("loaded")) is None


def fact_of(code: str, source: Source) -> Fact:
    """The fact that the interpreter would state of a rule's `Invalid`."""

    def at(text: str, kind: type[cst.CSTNode] = cst.BaseExpression, nth: int = 0) -> Site:
        numbers = [
            number
            for number, node in enumerate(source.nodes)
            if isinstance(node, kind) and source.text[slice(*source.span(number))].startswith(text)
        ]
        return Site(PATH, numbers[nth])

    match code:
        case "AOR101":
            return CoroutineDropped(at("session.commit()"), "AsyncSession.commit", "statement", True)
        case "AOR102":
            call = at("session.execute", cst.Call, 1)
            whole = at("await")
            return CoroutineUsedAsValue(
                call, call, call, "AsyncSession.execute", "attribute", "scalars", True, True, whole
            )
        case "AOR103":
            return NonAwaitableAwaited(at("await"), at("session.add(user)"), "AsyncSession.add", "call")
        case "AOR201":
            member, call = (at("engine.execute", kind) for kind in (cst.Attribute, cst.Call))
            return MissingMemberUsed(member, "AsyncEngine", "execute", at("engine", cst.Name, 1), call, True, True)
        case "AOR301":
            return GeneratorAwaited(at("await get_session()"), at("get_session()"), "m.get_session", "AsyncSession")
        case "AOR302":
            return ContextEntered(at("get_session()", cst.Call), True, "generator", "m.get_session", "AsyncSession")
        case "AOR401":
            name = at("session", cst.Name, -1)
            return NameReadUnbound(name, "session", "AsyncSession", "finally", name, at("try", cst.Try))
        case "AOR501":
            statement = at("select(User)", cst.Call)
            return RelationshipRead(
                at("user.posts"), "m.User", "posts", "unloaded", True, None, "", statement, (("m.User", "posts"),)
            )
    raise AssertionError(f"no fact of {code} is made here, nor is it to be stated by the interpreter")


#: rules whose fact the interpreter is asked for
STATED = {code for made in BY_HAND for code, _ in made.FACTS}


def stated(code: str, source: Source) -> Fact:
    """The first fact that the interpreter states of `source`, a module of its own, and that the rule reports."""
    workspace = Workspace(Config(root=os.getcwd()))
    workspace.overlay(PATH, source.text)
    return next(
        fact
        for fact in interpret(source, workspace.project_for(PATH))
        if isinstance(fact, REGISTRY[code].facts) and check(code, fact) is not None
    )


@pytest.mark.parametrize("code", sorted(REGISTRY.keys() - {"AOR000", "AOR901"}))
def test_invalid_with_its_fix_is_valid(code: str) -> None:
    sections = REGISTRY[code].sections
    source = Source.from_text(os.path.abspath(PATH) if code in STATED else PATH, sections["Invalid"])
    finding = check(code, stated(code, source) if code in STATED else fact_of(code, source))
    assert finding is not None
    if sections["Fix"].startswith("None:"):
        assert {fix.safety for fix in finding.fixes} <= {"suggestion"}
        return
    fix = build(finding.fixes[0], lambda path: source)
    assert fix is not None
    assert apply(source.text, [fix])[0] == sections["Valid"]
