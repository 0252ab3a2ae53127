"""The page of Kafka's traps names each trap's tests, and the tests are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_ROW = re.compile(r"^\| (\d+) \|.*\| ([^|]*) \|$", re.MULTILINE)
_TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)


def rows() -> dict[int, list[str]]:
    """Return the tests that the page names, by the number of the trap."""
    page = (ROOT / "docs" / "kafka-traps.md").read_text(encoding="utf-8")
    return {int(number): re.findall(r"`(test_\w+)`", cell) for number, cell in _ROW.findall(page)}


def present() -> set[str]:
    """Return the names of all tests."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for path in files for name in _TEST.findall(path.read_text(encoding="utf-8"))}


def test_every_trap_has_a_row_and_a_test_that_is_named_after_it() -> None:
    """Twenty-one rows; the first test of each bears its number."""
    assert sorted(rows()) == list(range(1, 22))
    for number, names in rows().items():
        assert names, number
        assert names[0].startswith(f"test_trap_{number}_")


def test_the_page_and_the_tests_name_the_same_traps() -> None:
    """Every test that the page names exists, and every test that is named after a trap is on the page."""
    named = {name for names in rows().values() for name in names}
    assert named - present() == set()
    assert {name for name in present() if name.startswith("test_trap_")} - named == set()
