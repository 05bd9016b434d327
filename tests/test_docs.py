"""What the documentation names is there, and the version is the same wherever it stands."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_one_version() -> None:
    manifest, project = (
        tomllib.loads(_text(ROOT / name)) for name in ("blender_manifest.toml", "pyproject.toml")
    )
    newest = re.search(
        r"^## (\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)$", _text(ROOT / "docs/CHANGELOG.md"), re.M
    )
    assert newest is not None
    assert manifest["version"] == project["project"]["version"] == newest[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", _text(page))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []
