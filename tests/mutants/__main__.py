"""Makes each break of `breaks.toml` in a copy of the tree and runs the tests that must notice.

Run by hand: `python -m tests.mutants [--only NAME …] [--list]`. The checkout is never touched.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BREAKS = Path(__file__).with_name("breaks.toml")
MOST_SECONDS = 300
PYTEST = ("-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Break:
    """One small break.

    Attributes:
        name: What no longer holds.
        file: Where, from the root.
        text: What stands there, once.
        becomes: What stands there instead.
        tests: Files, or tests in them, one of which must fail.
    """

    name: str
    file: str
    text: str
    becomes: str
    tests: tuple[str, ...]


def read(path: Path = BREAKS) -> list[Break]:
    """All breaks of a list."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["break"]
    return [Break(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]


def misplaced(breaks: Iterable[Break], root: Path) -> list[str]:
    """Sentences on breaks whose text does not stand exactly once where it should."""
    found = []
    for item in breaks:
        path = root / item.file
        count = path.read_text(encoding="utf-8").count(item.text) if path.is_file() else 0
        if count != 1:
            found.append(f"{item.name}: its text stands {count} times in {item.file}, not once")
    return found


def copy_tree(target: Path) -> None:
    """Copy what git knows or would add; environments are linked."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    for path in (*ROOT.glob(".venv*"), ROOT / "cache"):
        if path.exists():
            (target / path.name).symlink_to(path.resolve())


def passes(tree: Path, tests: Sequence[str], seconds: float = MOST_SECONDS) -> bool:
    """Whether tests pass in a tree.

    Raises:
        SystemExit: They could not be run.
    """
    command = [sys.executable, *PYTEST, *tests]
    try:
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    if done.returncode not in (0, 1, 2):  # 2: a module that no longer imports is noticed as well
        raise SystemExit(f"{' '.join(tests)} could not be run:\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def caught(tree: Path, item: Break) -> bool:
    """Whether the tests notice a break; the tree is whole again afterwards."""
    path = tree / item.file
    whole, before = path.read_text(encoding="utf-8"), path.stat()
    path.write_text(whole.replace(item.text, item.becomes), encoding="utf-8")
    later = before.st_mtime_ns + 10**9 * (1 + abs(hash(item.name)) % 10**6)
    os.utime(path, ns=(later, later))  # else Python may take what it compiled before
    try:
        return not passes(tree, item.tests)
    finally:
        path.write_text(whole, encoding="utf-8")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def main() -> int:
    """Try all breaks, or some; 1 where one survives or stands nowhere."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", nargs="+", default=(), help="breaks whose name holds a word")
    parser.add_argument("--list", action="store_true", help="only show them")
    options = parser.parse_args()
    chosen = [
        item for item in read() if not options.only or any(o in item.name for o in options.only)
    ]
    if options.list:
        print("\n".join(f"{item.name:45} {item.file}" for item in chosen))
        return 0
    wrong = misplaced(chosen, ROOT)
    print("\n".join(wrong), end="\n" if wrong else "")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        tests = sorted({test for item in chosen for test in item.tests})
        if not passes(tree, tests, len(tests) * MOST_SECONDS):
            print("the tests fail without any break: mend them first")
            return 1
        survived = 0
        for item in chosen:
            begin = time.monotonic()
            noticed = not misplaced([item], tree) and caught(tree, item)
            survived += not noticed
            word = "caught" if noticed else "SURVIVED"
            print(f"{word:9} {time.monotonic() - begin:6.1f} s  {item.name}", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} caught")
    return 1 if survived or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
