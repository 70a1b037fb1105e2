"""What is generated is current, and what the README promises is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])


def test_pages_and_tables_are_current() -> None:
    command = [sys.executable, "scripts/generate_docs.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_picture_shows_what_is_printed() -> None:
    shown = ElementTree.parse(ROOT / "docs" / "full.svg").getroot()
    texts = list(shown.iter("{http://www.w3.org/2000/svg}text"))
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    printed = re.search(r"```console\n\$ (.*?)\n```", index, re.DOTALL)
    assert printed is not None
    # a terminal breaks lines anywhere
    assert "".join("".join(part.text or "" for part in texts).split()) == "".join(printed[1].split())
    width, right = float(shown.attrib["width"]), [float(part.get("x", 0)) + float(part.get("textLength", 0)) for part in texts]
    assert max(right) <= width
    assert len({part.attrib["fill"] for part in texts}) > 3


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert not missing, missing


def test_every_rule_is_in_the_changelog() -> None:
    from flake8_async_orm.codes import table

    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [code for code in table() if code not in changes] == []


@pytest.mark.parametrize("marker", ["example command", "test command"])
def test_the_readme_has_its_commands(marker: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(rf"<!-- {marker} -->\n```sh\n(.+)\n```\n", readme)
    assert len(found) == 1
    assert found[0].startswith("python3 ")
