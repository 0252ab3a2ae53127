"""From a path and an environment to Settings, or to one error that names everything wrong."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from baselines import Baseline
from consumers.errors import SettingsError
from consumers.settings.changes import Changes
from consumers.settings.client import split_options
from consumers.settings.document import Document, dotted, read_document
from consumers.settings.model import Settings
from consumers.settings.places import nearest
from consumers.settings.problems import describe_problem
from stream.policy import CATEGORICAL_CHECKS, NUMERIC_CHECKS

_FITTING = {"numeric": {*NUMERIC_CHECKS, "mean_abs"}, "categorical": set(CATEGORICAL_CHECKS)}
# `window` takes its default from `every`, whose own error is told already.
_FOLLOWING = "default_factory_not_called"


def load_settings(path: Path, environ: Mapping[str, str], changes: Changes | None = None) -> Settings:
    """Return the configuration in ``path`` with the environment's DRIFTLINE_SECTION__KEY variables over it.

    ``changes`` go over both. Raises SettingsError with a line for each thing wrong.
    """
    document = read_document(path, environ)
    if changes is not None:
        changes.apply(document)
    return settings_of(document)


def settings_of(document: Document) -> Settings:
    """Return what a document says. Raises SettingsError with a line for each thing wrong."""
    document.tables.setdefault("monitor", {})
    kafka = document.tables.get("kafka")
    if isinstance(kafka, dict):
        document.tables["kafka"], problems = split_options(kafka)
        for key, problem in problems.items():
            document.complain(("kafka", key), problem)
    settings = _validate(document)
    if document.problems or settings is None:
        raise SettingsError("\n".join(document.problems))
    return settings


def _validate(document: Document) -> Settings | None:
    try:
        return Settings.from_document(document.tables, document.path)
    except ValidationError as error:
        found = [
            describe_problem(details) for details in error.errors(include_url=False) if details["type"] != _FOLLOWING
        ]
        # One line a key: a list with a wrong item is told by the item alone.
        for key, message in reversed(dict(reversed(found)).items()):
            document.complain(key, message)
        return None


def validate_against(settings: Settings, baseline: Baseline) -> None:
    """Check that every [features.NAME] is a feature of the baseline and that its checks fit the feature's kind.

    Raises SettingsError with a line for each thing wrong.
    """
    kinds = {feature.name: feature.kind for feature in baseline.features}
    problems = []
    for name, feature in settings.features.items():
        if settings.labels is not None and settings.labels.adds(name):
            # It is watched by the monitor of labelled events, whose own baseline will tell.
            continue
        if name not in kinds:
            guess = nearest(name, kinds)
            instead = f"write [{dotted(('features', guess))}]" if guess else f"its features are {', '.join(kinds)}"
            problems.append(f"{dotted(('features', name))}: the baseline has no such feature; {instead}")
            continue
        unfit = [check for check in feature.floors() if check not in _FITTING[kinds[name]]]
        problems += [
            f"{dotted(('features', name, check))}: does not fit a {kinds[name]} feature; leave it out"
            for check in unfit
        ]
    # With [labels], it is the monitor of labelled events that listens to them.
    if settings.decision.detectors and baseline.relation is None and settings.labels is None:
        problems.append("decision.detectors: the baseline knows no labels; fit it with `driftline fit --labelled`")
    if problems:
        raise SettingsError("\n".join(f"{settings.path}: {problem}" for problem in problems))
