"""Sets up `.venv` and runs everything that must pass: `python3 scripts/check.py`.

Needs Python 3.10 or newer and nothing else. Names of steps select some of them: `python3 scripts/check.py types tests`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PROGRAMS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")

# the tests come last, so that their closing lines are what one sees
STEPS: dict[str, list[str]] = {
    "style": ["ruff", "check", "."],
    "layers": ["lint-imports"],
    "types": ["mypy"],
    "ourselves": ["flake8-async-orm", "src", "tests", "scripts", "benchmarks"],
    "codes": ["python", "scripts/generate_codes.py", "--check"],
    "docs": ["python", "scripts/generate_docs.py", "--check"],
    "tests": ["python", "-m", "pytest", "-n", "auto"],
}


def run(program: str, *arguments: str) -> bool:
    """Run a program of the environment in the project's root. Returns whether it succeeded."""
    print("$", program, *arguments, flush=True)
    return subprocess.run([str(PROGRAMS / program), *arguments], cwd=ROOT, check=False).returncode == 0


def set_up() -> bool:
    """Make the environment, or bring an existing one up to date."""
    if not (PROGRAMS / "pip").exists() and not (PROGRAMS / "pip.exe").exists():
        # in a process of its own: imported here, `venv` mistakes which interpreter to link inside another environment
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    # dependency groups are known to pip since 25.1
    return run("python", "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1") and run(
        "python", "-m", "pip", "install", "--quiet", "--editable", ".[lsp]", "--group", "dev"
    )


def main() -> int:
    if sys.version_info < (3, 10):  # noqa: UP036 (this is where an older one is told so)
        print("flake8-async-orm needs Python 3.10 or newer, this is", sys.version.split()[0])
        return 2
    parser = argparse.ArgumentParser(description="Set up .venv and run what must pass.")
    parser.add_argument("steps", nargs="*", metavar="step", help=f"one of {', '.join(STEPS)}; all when none is named")
    chosen = parser.parse_args().steps or list(STEPS)
    if unknown := [step for step in chosen if step not in STEPS]:
        parser.error(f"no such step: {', '.join(unknown)}")
    if not set_up():
        return 1
    os.environ["PATH"] = os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", "")])
    failed = [step for step in chosen if not run(*STEPS[step])]
    times = os.times()
    seconds = times.user + times.system + times.children_user + times.children_system
    print(f"{len(chosen) - len(failed)} of {len(chosen)} steps passed, {seconds / 60:.1f} minutes of CPU", end="")
    print(f"; failed: {', '.join(failed)}" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
