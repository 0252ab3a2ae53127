"""What the pages point to is there: links, file names, commands."""

import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import typer

from consumers.cli import app
from consumers.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])

_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FILE = re.compile(r"`([\w./-]+\.(?:py|md|toml))`")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_DRIFTLINE = re.compile(r"(?:^|[\s`$])driftline ([a-z]+)((?: [^`\n|]*)?)", re.MULTILINE)
_MAKE = re.compile(r"(?:^\$ |`)make ([a-z-]+)", re.MULTILINE)
_OPTION = re.compile(r"(?<!\S)--[a-z-]+")


def name(page: Path) -> str:
    """Name a page for the list of tests."""
    return str(page.relative_to(ROOT))


def slug(heading: str) -> str:
    """Return the anchor that a heading is reached by."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield verb and arguments of each command line in code blocks and in code within sentences."""
    joined = text.replace("\\\n", " ")
    blocks = (body for language, body in _BLOCK.findall(joined) if language in ("", "console", "sh"))
    lines = (line for body in blocks for line in body.splitlines() if re.match(r" *(\$ )?driftline [a-z]+ ", line))
    spans = re.findall(r"`([^`\n]+)`", _BLOCK.sub("", joined))
    for line in chain(lines, (span for span in spans if span.startswith("driftline "))):
        yield from _DRIFTLINE.findall(line.split(" # ")[0])


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Each relative link names a file of the repository, and each anchor a heading of it."""
    for link in _LINK.findall(_BLOCK.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in map(slug, _HEADING.findall(target.read_text(encoding="utf-8"))), link


@pytest.mark.parametrize("page", [ROOT / "docs" / "architecture.md", *ROOT.glob("docs/decisions/*.md")], ids=name)
def test_every_file_that_the_walk_names_exists(page: Path) -> None:
    """Each file named in the architecture page and in a decision, by its path from the root, is there."""
    named = [path for path in _FILE.findall(page.read_text(encoding="utf-8")) if path != "driftline.toml"]
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_the_walk_names_the_rooms_whole() -> None:
    """The architecture page leaves out no file of `stream/`, but the ones that only hold values."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "stream").rglob("*.py")}
    values = {f"stream/{stem}.py" for stem in ("__init__", "findings", "memory", "policy", "checks/measured")}
    assert {path for path in files - values if path not in page} == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_is_one_that_driftline_has(page: Path) -> None:
    """Each `driftline VERB --option` of a page is a verb of the command line with such an option."""
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for verb, arguments in commands(page.read_text(encoding="utf-8")):
        assert verb in verbs, f"driftline {verb}"
        known = {option for parameter in verbs[verb].params for option in parameter.opts} | {"--help"}
        assert set(_OPTION.findall(arguments)) <= known, f"driftline {verb}{arguments}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_is_in_the_makefile(page: Path) -> None:
    """Each `make TARGET` of a page is a target."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(_MAKE.findall(page.read_text(encoding="utf-8"))) <= targets


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs" / "running.md"], ids=name)
def test_configurations_to_copy_are_valid(page: Path) -> None:
    """The configuration that a newcomer copies is one that driftline takes."""
    blocks = [body for language, body in _BLOCK.findall(page.read_text(encoding="utf-8")) if language == "toml"]
    assert blocks
    for body in blocks:
        Settings.model_validate(tomllib.loads(re.sub(r"^   ", "", body, flags=re.MULTILINE)))


def test_links_that_lead_nowhere_are_found() -> None:
    """The patterns of this file do see links, files, commands and targets."""
    blocks = "```console\n$ driftline fit x --out y\n$ make demo\n```"
    text = f"[a](docs/b.md#c) `stream/d.py`\n{blocks}\n`driftline run --role all`"
    assert _LINK.findall(text) == ["docs/b.md#c"]
    assert _FILE.findall(text) == ["stream/d.py"]
    assert list(commands(text)) == [("fit", " x --out y"), ("run", " --role all")]
    assert _MAKE.findall(text) == ["demo"]
