"""What was written from the code is what the code would write now."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = runpy.run_path(str(ROOT / "docs" / "generate.py"))


def test_configuration_page_is_in_step_with_the_settings():
    """docs/configuration.md is what `python docs/generate.py` writes."""
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == GENERATOR["configuration_page"]()


def test_commented_example_is_in_step_with_the_settings():
    """examples/driftline.toml is what `python docs/generate.py` writes."""
    assert (ROOT / "examples" / "driftline.toml").read_text(encoding="utf-8") == GENERATOR["example_file"]()
