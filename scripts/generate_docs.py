"""Writes what is derived: the README's picture and tables, an excerpt of what is printed, one page for each rule.

A page is made of the docstring of its rule and of what the linter says about the rule's own example. In README.md and
docs/index.md the text between `<!-- begin: NAME -->` and `<!-- end: NAME -->` is replaced. `--check` compares and
changes nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import os
import re
import sys
import tempfile
from pathlib import Path

from documentation import Page, command_line, options_table, pages, rules_table
from picture import svg
from proof import proof_table

from flake8_async_orm.cli import main as main_of_the_linter

ROOT = Path(__file__).resolve().parent.parent
#: the findings of the example that the README opens with
SHOWN = ("AOR501", "AOR102", "AOR302")
COMMAND = "flake8-async-orm example"


def linter(*arguments: str, cwd: Path = ROOT, color: str = "never") -> str:
    """What the command line prints."""
    output, errors = io.StringIO(), io.StringIO()
    here = Path.cwd()
    os.chdir(cwd)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main_of_the_linter(["--color", color, "--jobs", "1", *arguments])
    finally:
        os.chdir(here)
    if code not in (0, 1) or errors.getvalue():
        raise SystemExit(f"flake8-async-orm {' '.join(arguments)} ended with {code}\n{errors.getvalue()}")
    return output.getvalue()


def excerpt(color: str = "never") -> str:
    """Some findings of the bundled example, and the closing lines."""
    printed = linter("example", color=color).replace(os.sep, "/")
    blocks = [block.strip("\n") for block in printed.split("\n\n") if block.strip()]
    chosen = [block for code in SHOWN for block in blocks if re.match(rf"\S+: {code} ", re.sub(r"\x1b\[[\d;]*m", "", block))]
    if len(chosen) != len(SHOWN):
        raise SystemExit(f"the example gives {len(chosen)} of the findings {', '.join(SHOWN)}")
    return "\n\n".join([*chosen, "...", blocks[-1].strip()])


def rendering(invalid: str, *options: str) -> str:
    """What the linter says about the source of one example."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "example.py")
        path.write_text(f"{invalid.strip()}\n", encoding="utf-8")
        return linter("--quiet", "--isolated", "--preview", *options, path.name, cwd=Path(folder))


def replaced(text: str, name: str, content: str) -> str:
    """`text` with `content` between the markers called `name`."""
    pattern = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
    changed, count = pattern.subn(lambda found: f"{found[1]}{content}\n{found[2]}", text)
    if count != 1:
        raise SystemExit(f"{count} places are marked for `{name}`, not one")
    return changed


def expected() -> dict[Path, str]:
    """Every generated file with the text it must have."""
    all_pages: list[Page] = pages(rendering)
    files = {ROOT / "docs" / "rules" / f"{page.code}.md": page.text for page in all_pages}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    files[ROOT / "docs" / "full.svg"] = svg(excerpt("always"), COMMAND)
    text = f"```console\n$ {COMMAND}\n{excerpt()}\n```"
    readme = replaced(readme, "excerpt", text)
    readme = replaced(readme, "rules", rules_table(all_pages, "docs/rules/"))
    files[ROOT / "README.md"] = replaced(readme, "options", options_table())
    options = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    options = replaced(options, "settings", options_table())
    files[ROOT / "docs" / "options.md"] = replaced(options, "options", command_line())
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    index = replaced(index, "excerpt", text)
    files[ROOT / "docs" / "index.md"] = replaced(index, "rules", rules_table(all_pages, "rules/"))
    proof = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")
    files[ROOT / "docs" / "proof.md"] = replaced(proof, "proof", proof_table(all_pages))
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="print differences and exit with 1 instead of writing")
    check = parser.parse_args().check
    files = expected()
    orphans = sorted(set((ROOT / "docs" / "rules").glob("*.md")) - set(files))
    stale = []
    for path, text in files.items():
        current = path.read_text(encoding="utf-8") if path.exists() else ""
        if current == text:
            continue
        name = path.relative_to(ROOT).as_posix()
        stale.append(name)
        if check:
            sys.stdout.writelines(
                difflib.unified_diff(current.splitlines(True), text.splitlines(True), name, f"{name} (generated)")
            )
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            print("written:", name)
    for path in orphans:
        stale.append(path.name)
        if check:
            print(f"{path.relative_to(ROOT).as_posix()}: no rule has this page")
        else:
            path.unlink()
    if check and stale:
        print(f"{len(stale)} generated files are not current; `python scripts/generate_docs.py` writes them")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
