"""Records do what dataclasses do: made, compared, hashed, shown, copied and pickled."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import dataclass, field

import pytest

from flake8_async_orm.records import record, replace


@record
class Berth:
    """Where a ship lies."""

    quay: str
    depth: float = 4.5
    ships: tuple[str, ...] = ()
    log: list[str] = field(default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class Usual:
    """The same as a dataclass."""

    quay: str
    depth: float = 4.5
    ships: tuple[str, ...] = ()
    log: list[str] = field(default_factory=list, compare=False)


@record
class Dock(Berth):
    """One more field, and a value that follows from the others."""

    gate: str | None = None
    name: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.quay} {self.gate}")


@record
class Buoy:
    """Has a say in how it is told apart."""

    number: int
    colour: str = "red"

    def __hash__(self) -> int:
        return self.number

    def __repr__(self) -> str:
        return f"buoy {self.number}"


@record
class Nothing:
    """No fields."""


ARGUMENTS = [(("east",), {}), (("east", 7.0), {}), (("west",), {"ships": ("Ida",)}), ((), {"quay": "west", "log": ["x"]})]


@pytest.mark.parametrize(("given", "named"), ARGUMENTS)
def test_a_record_is_what_a_dataclass_is(given, named):
    mine, usual = Berth(*given, **named), Usual(*given, **named)
    assert dataclasses.astuple(mine) == dataclasses.astuple(usual)
    assert repr(mine) == repr(usual).replace("Usual", "Berth")
    assert mine == Berth(*given, **named)
    assert hash(mine) == hash(Berth(*given, **named)) == hash(usual)
    assert mine != usual
    assert [f.name for f in dataclasses.fields(mine)] == [f.name for f in dataclasses.fields(usual)]


def test_fields_tell_records_apart_but_for_those_that_do_not_count():
    assert Berth("east") != Berth("west")
    assert Berth("east", log=["a"]) == Berth("east", log=["b"])
    assert Berth("east") != Dock("east")
    assert len({Berth("east"), Berth("east"), Berth("east", 5.0)}) == 2


def test_a_default_that_is_made_is_made_each_time():
    assert Berth("east").log is not Berth("east").log


@pytest.mark.parametrize(("given", "named"), [((), {}), (("east",), {"draught": 1}), (("e", 1.0, (), [], 5), {})])
def test_wrong_arguments_are_refused(given, named):
    with pytest.raises(TypeError):
        Berth(*given, **named)


def test_it_has_no_other_attributes():
    with pytest.raises(AttributeError):
        Berth("east").draught = 3  # type: ignore[attr-defined]


def test_what_a_class_says_itself_holds():
    assert hash(Buoy(7)) == 7
    assert repr(Buoy(7)) == "buoy 7"
    assert Buoy(7) == Buoy(7)
    assert Buoy(7) != Buoy(7, "green")


def test_what_follows_from_other_fields_follows_in_copies_too():
    dock = Dock("east", gate="north")
    assert dock.name == "east north"
    assert replace(dock, gate="south").name == "east south"
    assert repr(dock) == "Dock(quay='east', depth=4.5, ships=(), log=[], gate='north')"


@pytest.mark.parametrize("one", [Berth("east", 3.0), Usual("east", 3.0)])
def test_a_copy_differs_in_what_is_said(one):
    other = replace(one, quay="west")
    assert (other.quay, other.depth, one.quay) == ("west", 3.0, "east")
    assert other == dataclasses.replace(one, quay="west")
    assert replace(one) == one


def test_it_is_matched_by_its_fields():
    match Berth("east", 2.0):
        case Berth(quay, depth):
            assert (quay, depth) == ("east", 2.0)
        case _:
            pytest.fail("not matched")


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_it_goes_to_other_processes(protocol):
    berth = Berth("east", ships=("Ida",))
    back = pickle.loads(pickle.dumps(berth, protocol))
    assert back == berth
    assert hash(back) == hash(berth)
    assert copy.deepcopy(berth) == berth


def test_without_fields_all_are_alike():
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())
    assert repr(Nothing()) == "Nothing()"
