"""Facts about attributes of mapped instances."""

from __future__ import annotations

from flake8_async_orm.facts.base import Fact
from flake8_async_orm.records import record
from flake8_async_orm.values import Site

#: `origin_text` of an instance that a constructor made: no statement has loaded it
MADE_HERE = "made here"


@record
class RelationshipRead(Fact):
    """A relationship (`model.attribute`) was read on an instance whose state of it is known.

    `state`: unloaded (a read emits SQL), raises (lazy="raise": refused), loaded. `origin`: where the instance came from.
    `statement`: the site of the statement that loaded it (or of the call of `get`), when it is in sight and can take an
    option; `path`: the relationships from the statement's entity down to this one, as (model, attribute). `read`: the
    attribute access itself when it is not at `site` (inside a helper). `session_async`: the session that
    it would use is async. `stops`: the mapping's eager strategy, which ends where it comes to the class itself. `awaitable_attrs`: the class has AsyncAttrs. `refreshes`: `refresh` with its name loads it, as it
    does since SQLAlchemy 2.0.4. `option`: `statement` is a call that takes options by this parameter.
    """

    model: str
    attribute: str
    state: str
    collection: bool
    origin: Site | None
    origin_text: str
    statement: Site | None
    path: tuple[tuple[str, str], ...]
    read: Site | None = None
    awaitable_attrs: bool = False
    in_async: bool = True
    session_name: str | None = None
    refreshes: bool = True
    stops: str = ""
    option: str = ""


@record
class UnflushedValueRead(Fact):
    """A column that gets its value from the flush was read at `site`, of an instance made at `made` that was not flushed.

    `added`: its session had it already; it was added later otherwise. `instance` and `session`: what the code calls them.
    `key`: it is (part of) the primary key. `in_async`: the nearest function is `async def`.
    """

    model: str
    attribute: str
    made: Site | None
    added: bool
    key: bool
    instance: str | None
    session: str | None
    in_async: bool


@record
class AbsentRowInserted(Fact):
    """An instance of `model` was added at `site` on a path where a read `with_for_update`, at `read`, found none."""

    model: str
    read: Site


@record
class AttributeRead(Fact):
    """An attribute (`model.attribute`) of a mapped instance was read, or changed in place, in a state that is known.

    `kind` is that of the mapping: column, relationship, column_property, composite. `state`: unloaded, raises, expired,
    generated (the database made a value that was not fetched). `origin`: where the instance came from. `changed`,
    `changed_by`: where and by what its values went out of date: commit, rollback, expire, flush, update. `read`: the attribute access itself when it is
    not at `site` (inside a helper). `instance`: the name that holds the instance in the function of `site`, `session_name`
    a name that holds its session there, if there are such.
    """

    model: str
    attribute: str
    kind: str
    state: str
    collection: bool
    origin: Site | None
    origin_text: str
    changed: Site | None
    changed_by: str
    read: Site | None
    awaitable_attrs: bool
    in_async: bool
    instance: str | None = None
    session_name: str | None = None


@record
class ExpiredAttributeRead(AttributeRead):
    """An attribute was read that a commit, a rollback or `expire` had expired.

    `factory`: of a commit, the call that made the session's factory, or the session, and left it expiring.
    """

    factory: Site | None = None


@record
class GeneratedValueRead(AttributeRead):
    """A column was read whose value the database made, and which was not fetched. `mapping`: the class that is mapped."""

    mapping: Site | None = None


@record
class UnloadedColumnRead(AttributeRead):
    """A column was read that the query had left out. `statement`: as in RelationshipRead, with `path` down to the class."""

    statement: Site | None = None
    path: tuple[tuple[str, str], ...] = ()


@record
class DetachedAttributeRead(AttributeRead):
    """An attribute was read of an instance that its session had let go of, at `detached`."""

    detached: Site | None = None
    statement: Site | None = None
    path: tuple[tuple[str, str], ...] = ()


@record
class AttributeSerialized(AttributeRead):
    """An attribute was read by a serialiser, for the field `schema` (`UserRead.posts`), declared at `read`.

    Or by a generated method (`User.__repr__`, `asdict`), or by a template (`schema` is its name and line: `page.html:3`).
    Or what writes only what is loaded would have needed it (`schema` is a value of `serializers.LOADED_ONLY`; `attribute` is the key).

    `statement`, `path`, `option`: as in RelationshipRead. `state` may also be detached.
    """

    schema: str = ""
    statement: Site | None = None
    path: tuple[tuple[str, str], ...] = ()
    option: str = ""


@record
class CollectionChanged(AttributeRead):
    """A collection that was not loaded was changed in place, or replaced. `how`: the method, `=` or `+=`."""

    how: str = ""
    statement: Site | None = None
    path: tuple[tuple[str, str], ...] = ()


@record
class DynamicRelationshipQueried(Fact):
    """A `lazy="dynamic"` relationship of an instance in an async session was run as a query.

    `how`: the method (`all`, `count` ...), or empty for an iteration. `origin`: where the instance came from. `mapping`: where the
    relationship is declared, if all targeted versions know write-only ones.
    """

    model: str
    attribute: str
    how: str
    origin: Site | None = None
    mapping: Site | None = None


@record
class LoadingAsked(Fact):
    """How something is to be loaded was said in a form that SQLAlchemy takes otherwise.

    `form`: `expire-on-commit` (the attribute was set on an async session), `attribute-names` (`refresh` or `expire` was given
    attributes of the class, `named`), `several-arguments` (a loader function, `strategy`, got a path as several arguments),
    `options-of-held` (`get` was to load `named` of a row that the function holds already, from `held`). `elements`: the session; the call of `get`.
    """

    form: str
    named: tuple[str, ...] = ()
    strategy: str = ""
    elements: tuple[Site, ...] = ()
    held: Site | None = None
