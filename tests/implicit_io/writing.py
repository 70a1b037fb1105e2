"""Writes small programs that use a session: what they do is chosen, how it is written is not.

A program is text with a place for every read (see `Line`): as the linter gets it the read stands there bare, as it is run it is
watched, so that what a read does is seen and the program goes on behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Choose = Callable[[Sequence[str]], str]

COLUMNS = {"Owner": ["id", "name", "bio", "stamp", "made", "loud"], "Item": ["id", "name", "note", "owner_id"]}
RELATIONSHIPS = {"Owner": ["items", "badges", "locks", "profile"], "Item": ["owner"]}
NAMES = {model: COLUMNS[model] + RELATIONSHIPS[model] for model in COLUMNS}
WRITABLE = {"Owner": ["name", "bio", "stamp", "made"], "Item": ["name", "note", "owner_id"]}
GIVEN = {
    "Owner": [
        'name="n"',
        "items=[]",
        "items=[Item()]",
        'bio="b"',
        'stamp="s"',
        'made="m"',
        "badges=[]",
        "profile=None",
        "locks=[]",
    ],
    "Item": ['name="n"', 'note="n"', "owner=None", "owner=Owner()"],
}
OPTIONS = {
    "Owner": [
        "selectinload(Owner.items)",
        "joinedload(Owner.profile)",
        "selectinload(Owner.items).selectinload(Item.owner)",
        "selectinload(Owner.items).undefer(Item.note)",
        "undefer(Owner.bio)",
        "defer(Owner.name)",
        "load_only(Owner.name)",
        "lazyload(Owner.badges)",
        "selectinload(Owner.locks)",
        "raiseload(Owner.items)",
        "noload(Owner.items)",
    ],
    "Item": [
        "selectinload(Item.owner)",
        "joinedload(Item.owner)",
        "joinedload(Item.owner).selectinload(Owner.items)",
        "joinedload(Item.owner).undefer(Owner.bio)",
        "undefer(Item.note)",
        "load_only(Item.name)",
        "raiseload(Item.owner)",
    ],
}
#: rows that a program may ask for: each query has a parameter of its own
ROWS = ("a", "b", "c")


@dataclass(frozen=True)
class Line:
    """A line of a program. `read`: the expression or assignment that is watched; `binds`: the name that gets its value.

    `of` and `attribute`: which attribute of which variable is read or changed.
    """

    indent: int
    text: str
    watched: bool = False
    binds: str = ""
    of: str = ""
    attribute: str = ""

    @property
    def writes(self) -> bool:
        return self.watched and not self.binds and (" = " in self.text or ".append(" in self.text)


@dataclass
class Writer:
    choose: Choose
    branches: bool = False
    lines: list[Line] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    made: int = 0
    tests: int = 0
    closed: bool = False

    def write(self, indent: int, text: str) -> None:
        self.lines.append(Line(indent, text))

    def watch(self, indent: int, text: str, of: str, attribute: str, binds: str = "") -> None:
        self.lines.append(Line(indent, text, True, binds, of, attribute))

    def fresh(self) -> str:
        self.made += 1
        return f"x{self.made}"

    def one(self, *options: str) -> str:
        return self.choose(options)

    def variable(self) -> str:
        return self.choose(sorted(self.variables))

    def of(self, model: str) -> list[str]:
        return sorted(name for name, kind in self.variables.items() if kind == model)


def program(choose: Choose, size: int, branches: bool) -> Writer:
    """A program of `size` operations."""
    writer = Writer(choose, branches)
    factory = writer.one("expiring", "keeping")
    kind = writer.one("with", "with", "with", "begin")
    writer.write(1, f"async with {factory}{'.begin' if kind == 'begin' else ''}() as session:")
    operations(writer, 2, size, True)
    for _ in range(int(writer.one("1", "2", "3"))):
        if writer.variables:
            read(writer, 2)
    if writer.variables and writer.one("in", "out") == "out":
        read(writer, 1)
        read(writer, 1)
    return writer


def operations(writer: Writer, indent: int, size: int, outermost: bool = False) -> None:
    begun = len(writer.lines)
    for _ in range(size):
        if not writer.variables:
            source(writer, indent)
            continue
        names = list(OPERATIONS)
        if writer.branches and outermost:
            names += ["if", "if", "if", "for"]
        operation = writer.choose(names)
        if operation in ("if", "for"):
            (branch if operation == "if" else loop)(writer, indent)
        else:
            OPERATIONS[operation](writer, indent)
    if len(writer.lines) == begun:
        writer.write(indent, "pass")


def branch(writer: Writer, indent: int) -> None:
    test = f"p{writer.tests}"
    if writer.tests == 2:
        return
    writer.tests += 1
    writer.write(indent, f"if {test}:")
    before = dict(writer.variables)
    operations(writer, indent + 1, int(writer.one("1", "2")))
    writer.variables = dict(before)
    if writer.one("else", "no") == "else":
        writer.write(indent, "else:")
        operations(writer, indent + 1, 1)
        writer.variables = dict(before)


def loop(writer: Writer, indent: int) -> None:
    if writer.tests == 2:
        return
    test = f"p{writer.tests}"
    writer.tests += 1
    writer.write(indent, f"for _ in range(2 * {test}):")
    before = dict(writer.variables)
    operations(writer, indent + 1, int(writer.one("1", "2", "3")))
    writer.variables = before


# -- where instances come from ------------------------------------------------------------------------------------------


def source(writer: Writer, indent: int) -> None:
    if writer.rows < len(ROWS) and writer.one("load", "load", "make") == "load":
        load(writer, indent)
    else:
        make(writer, indent)


def options(writer: Writer, model: str) -> list[str]:
    many = int(writer.one("0", "0", "1", "1", "2"))
    found: list[str] = []
    for _ in range(many):
        option = writer.choose(OPTIONS[model])
        if not any(one.split("(")[1].split(")")[0] == option.split("(")[1].split(")")[0] for one in found):
            found.append(option)
    return found


def load(writer: Writer, indent: int) -> None:
    if writer.rows == len(ROWS):
        return
    model = writer.one("Owner", "Owner", "Item")
    row, name = ROWS[writer.rows], writer.fresh()
    writer.rows += 1
    given = options(writer, model)
    # what lies two steps away may be the row itself, which then is loaded anew without the option
    may_be_anew = not any(option.count("load(") > 1 for option in given)
    match writer.one("select", "select", "scalar", "get"):
        case "get":
            extra = f", options=[{', '.join(given)}]" if given else ""
            if writer.one("plain", "plain", "anew") == "anew" and may_be_anew:
                extra += ", populate_existing=True"
            writer.write(indent, f"{name} = await session.get({model}, {row}{extra})")
        case kind:
            extra = f".options({', '.join(given)})" if given else ""
            if writer.one("plain", "plain", "plain", "anew") == "anew" and may_be_anew:
                extra += ".execution_options(populate_existing=True)"
            statement = f"select({model}).where({model}.id == {row}){extra}"
            if kind == "select":
                writer.write(indent, f"{name} = (await session.scalars({statement})).one()")
            else:
                writer.write(indent, f"{name} = await session.scalar({statement})")
    writer.variables[name] = model


def make(writer: Writer, indent: int) -> None:
    model = writer.one("Owner", "Item")
    name = writer.fresh()
    given = {}
    for _ in range(int(writer.one("0", "1", "2", "3"))):
        options = list(GIVEN[model])
        if model == "Item":
            options += [f"owner={owner}" for owner in writer.of("Owner")]
            options += [f"owner_id={row}" for row in ROWS[writer.rows : writer.rows + 1]]
        chosen = writer.choose(options)
        given.setdefault(chosen.partition("=")[0], chosen)
    if "owner" in given:
        given.pop("owner_id", None)
    if "owner_id" in given:
        writer.rows += 1
    writer.write(indent, f"{name} = {model}({', '.join(given.values())})")
    writer.variables[name] = model
    if writer.one("add", "add", "leave") == "add":
        writer.write(indent, f"session.add({name})")


def merge(writer: Writer, indent: int) -> None:
    given, name = writer.variable(), writer.fresh()
    writer.write(indent, f"{name} = await session.merge({given})")
    writer.variables[name] = writer.variables[given]


def step(writer: Writer, indent: int) -> None:
    """A related instance gets a name."""
    name, given = writer.fresh(), writer.variable()
    if writer.variables[given] == "Item":
        writer.watch(indent, f"{name} = {given}.owner", given, "owner", name)
        writer.variables[name] = "Owner"
    else:
        writer.watch(indent, f"{name} = {given}.items[0]", given, "items", name)
        writer.variables[name] = "Item"


# -- reads and writes ---------------------------------------------------------------------------------------------------


def read(writer: Writer, indent: int) -> None:
    name = writer.variable()
    attribute = writer.choose(NAMES[writer.variables[name]])
    if attribute == "loud" and any("rollback" in line.text for line in writer.lines):
        # whether a row was inserted in the transaction or before it matters for this kind of attribute alone
        return
    writer.watch(indent, f"{name}.{attribute}", name, attribute)


def assign(writer: Writer, indent: int) -> None:
    name = writer.variable()
    column = writer.choose(WRITABLE[writer.variables[name]])
    value = '"v"' if column != "owner_id" else "1"
    if column in ("name", "stamp") and writer.one("plain", "plain", "sql") == "sql":
        value = 'func.lower("V")'
    writer.write(indent, f"{name}.{column} = {value}")


def relate(writer: Writer, indent: int) -> None:
    name = writer.variable()
    if writer.variables[name] == "Item":
        value = writer.choose(["None", "Owner()", *writer.of("Owner")])
        writer.watch(indent, f"{name}.owner = {value}", name, "owner")
        return
    match writer.one("append", "replace", "badge", "badges", "profile", "no profile"):
        case "append":
            item = writer.choose(["Item()", *writer.of("Item")])
            writer.watch(indent, f"{name}.items.append({item})", name, "items")
        case "replace":
            writer.watch(indent, f"{name}.items = []", name, "items")
        case "badge":
            writer.watch(indent, f"{name}.badges.append(Badge())", name, "badges")
        case "badges":
            writer.watch(indent, f"{name}.badges = []", name, "badges")
        case "profile":
            writer.watch(indent, f"{name}.profile = Profile()", name, "profile")
        case _:
            writer.watch(indent, f"{name}.profile = None", name, "profile")


# -- what the session does ----------------------------------------------------------------------------------------------


def some_names(writer: Writer, model: str) -> str:
    first, second = writer.choose(NAMES[model]), writer.choose(NAMES[model])
    return f'["{first}"]' if first == second or writer.one("1", "1", "2") == "1" else f'["{first}", "{second}"]'


def refresh(writer: Writer, indent: int) -> None:
    name = writer.variable()
    names = f", {some_names(writer, writer.variables[name])}" if writer.one("all", "some") == "some" else ""
    writer.write(indent, f"await session.refresh({name}{names})")


def expire(writer: Writer, indent: int) -> None:
    name = writer.variable()
    names = f", {some_names(writer, writer.variables[name])}" if writer.one("all", "some") == "some" else ""
    writer.write(indent, f"session.expire({name}{names})")


def on_one(text: str) -> Callable[[Writer, int], None]:
    return lambda writer, indent: writer.write(indent, text.format(writer.variable()))


def plainly(text: str) -> Callable[[Writer, int], None]:
    return lambda writer, indent: writer.write(indent, text)


def bulk(writer: Writer, indent: int) -> None:
    if writer.rows == len(ROWS):
        return
    model = writer.one("Owner", "Item")
    row = ROWS[writer.rows]
    writer.rows += 1
    how = writer.one('"evaluate"', '"fetch"', "False")
    what = writer.one('update({0}).values(name="u")', 'update({0}).values(name=func.lower("U"))', "delete({0})")
    text = what.format(model) + f".where({model}.id == {row}).execution_options(synchronize_session={how})"
    writer.write(indent, f"await session.execute({text})")


def nested(writer: Writer, indent: int) -> None:
    writer.write(indent, "async with session.begin_nested():")
    before = dict(writer.variables)
    begun = len(writer.lines)
    simple(writer, indent + 1)
    if len(writer.lines) == begun:
        writer.write(indent + 1, "pass")
    writer.variables = before


def simple(writer: Writer, indent: int) -> None:
    name = writer.choose(["load", "make", "assign", "relate", "read", "flush", "step"])
    OPERATIONS[name](writer, indent)


OPERATIONS: dict[str, Callable[[Writer, int], None]] = {
    "load": load,
    "make": make,
    "merge": merge,
    "step": step,
    "read": read,
    "read more": read,
    "assign": assign,
    "relate": relate,
    "refresh": refresh,
    "expire": expire,
    "commit": plainly("await session.commit()"),
    "commit again": plainly("await session.commit()"),
    "rollback": plainly("await session.rollback()"),
    "flush": plainly("await session.flush()"),
    "expire_all": plainly("session.expire_all()"),
    "expunge_all": plainly("session.expunge_all()"),
    "close": plainly("await session.close()"),
    "query": plainly("await session.execute(select(Owner.id))"),
    "add": on_one("session.add({})"),
    "expunge": on_one("session.expunge({})"),
    "delete": on_one("await session.delete({})"),
    "bulk": bulk,
    "nested": nested,
}
