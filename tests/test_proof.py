"""Each rule is proved by enough programs: four misuses and four look-alikes at least."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from proof import Proof, proofs

PROOFS = proofs()
#: what is no misuse of SQLAlchemy: files that cannot be analysed
APART = frozenset({"AOR000"})
#: its harm needs a database server, and two writers
ON_A_SERVER = frozenset({"AOR407"})


@pytest.mark.parametrize("proof", PROOFS, ids=[one.code for one in PROOFS])
def test_there_are_misuses_and_look_alikes_enough(proof: Proof) -> None:
    if proof.code not in APART:
        assert proof.misuses >= 4
        assert proof.lookalikes >= 4
    assert proof.oracles or proof.code in ON_A_SERVER


def test_every_rule_has_fixtures() -> None:
    rules = Path(__file__).resolve().parent.parent / "src" / "flake8_async_orm" / "rules"
    assert [one.code for one in PROOFS] == sorted(path.name[:6].upper() for path in rules.glob("aor[0-9]*.py"))
