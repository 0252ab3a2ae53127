"""`driftline init` on every format there is, by the encoders that people use: it finds the columns, check agrees."""

import random
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

import consumers.assembly
import consumers.preflight.check
from consumers.assembly import assemble_on
from consumers.onboarding.proposal import propose
from consumers.onboarding.sample import Sample
from consumers.onboarding.text import configuration_text
from consumers.preflight.check import event_lines
from consumers.raw import RawBatch
from consumers.settings import Settings
from consumers.settings.document import Document
from consumers.settings.load import settings_of
from tests.encoders import ENCODERS, NAMES, WITH_AVRO_NAMES, MockedRegistry, avro_name

ROWS, AT_ONCE, SPAN_MS = 240, 3, 600_000
# What features are called where rows come without names.
UNNAMED = frozenset({"kserve", "kserve logger", "open inference, one tensor"})


def sample_of(name: str) -> Sample:
    """Return the newest ten minutes of a topic in a format."""
    draw, encode = random.Random(3), ENCODERS[name][0]
    kinds: Any = (0.0, 1.0) if name == "open inference, one tensor" else "ab"
    rows = [{"x": draw.gauss(40, 8) // 1, "y z": draw.gauss(0, 1), "c": draw.choice(kinds)} for _ in range(ROWS)]
    records = [one for start in range(0, ROWS, AT_ONCE) for one in encode(rows[start : start + AT_ONCE])]
    values, headers = [value for value, _ in records], [list(told) for _, told in records]
    start_ms, n = int(time.time() * 1000) - SPAN_MS, len(records)
    stamps = [start_ms + i * SPAN_MS // n for i in range(n)]
    topic = re.sub("[^a-z0-9]+", "-", name)
    return Sample(topic, [RawBatch(topic, 0, range(n), values, stamps, headers=headers)], of_topic=True)


def settings_with(text: str) -> Settings:
    """Return what a file says."""
    return settings_of(Document(Path("driftline.toml"), tomllib.loads(text)))


@pytest.mark.parametrize("name", [name for name in ENCODERS if name != "pairs at a path"])
def test_every_format_is_understood_as_it_comes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All columns of the rows are features, and by the written file every record would be counted."""
    for module in (consumers.assembly, consumers.preflight.check):
        monkeypatch.setattr(module, "new_registry", lambda _settings: MockedRegistry())
    sample = sample_of(name)
    found = propose(sample, None, MockedRegistry())
    columns = ("f1", "f2", "f3") if name in UNNAMED else map(avro_name, NAMES) if name in WITH_AVRO_NAMES else NAMES
    assert {feature.name for feature in found.kinds.features} == set(columns)
    assert found.kinds.baseline is not None
    around = settings_with('[monitor]\nname = "m"')
    settings = settings_with(configuration_text(found, "baseline.json", around, fitted=True))
    lines = list(event_lines(assemble_on(found.kinds.baseline, settings), sample, int(time.time() * 1000)))
    assert f"{len(sample):,} of {len(sample):,} events would be counted" in [line.says for line in lines]
    assert [line.says for line in lines if line.level != "ok" and line.about != "budget"] == []
