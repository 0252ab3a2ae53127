"""From a tick's vote to the drift events that are worth sending: opened, changed, resolved."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from stream.concept import Concept, concept, early_sign
from stream.drift_event import (
    MOST_FEATURES,
    DriftEvent,
    Identity,
    TestedWindow,
    event_id,
    offsets_to_dict,
)
from stream.explain import Explanation
from stream.incidents import Incidents, Transition
from stream.panes import OffsetRanges
from stream.persistence import Vote
from stream.policy import SEVERITIES
from stream.words import advice, resolved, summary


def tell(
    identity: Identity,
    incidents: Incidents,
    vote: Vote,
    explanation: Explanation,
    window: TestedWindow,
    offsets: Callable[[], OffsetRanges],
) -> list[DriftEvent]:
    """Take the vote to the incident and return the events that follow, one at most."""
    transition = incidents.tick(vote)
    members = incidents.open.joined_ms if incidents.open else {}
    severity = _worst(explanation.severity(name) for name in members if name in vote.levels)
    if transition is None:
        transition = incidents.announce(vote, severity)
    elif incidents.open:
        incidents.said(incidents.open, vote, severity)
    if transition is None:
        return []
    event = _event(identity, transition, explanation, window)
    return [replace(event, offsets=offsets_to_dict(offsets()))]


def _event(identity: Identity, transition: Transition, explanation: Explanation, window: TestedWindow) -> DriftEvent:
    incident = transition.incident
    ranked = sorted(transition.features, key=lambda name: (-(explanation.impact(name) or 0.0), name))
    tested, total, told = len(explanation.layout.baseline.features), len(ranked), ranked[:MOST_FEATURES]
    over = transition.change == "drift.resolved"
    patterns = {} if over else explanation.patterns(told)
    features = [explanation.feature(name, incident.since_ms[name], patterns.get(name)) for name in told]
    moved = None if over else concept(explanation)
    return DriftEvent(
        id=event_id(incident.id, transition.change, window.end_ms),
        incident=incident.id,
        type=transition.change,
        monitor=identity.monitor,
        segment=dict(identity.segment),
        severity="info" if over else _worst(explanation.severity(name) for name in ranked),
        summary=resolved(features, total)
        if over
        else _summary(moved, summary(features, total, tested, window.start_ms)),
        window=window.to_dict(),
        baseline={"fingerprint": identity.fingerprint, "n": identity.reference_n},
        features_total=total,
        features=features,
        advice="" if over else _advice(moved, ranked, advice(features, total, tested)),
        concept=moved.to_dict() if moved else None,
        model=identity.model,
        model_version=identity.model_version,
    )


def _worst(severities: Iterable[str]) -> str:
    found = set(severities)
    return next((severity for severity in reversed(SEVERITIES) if severity in found), "info")


def _summary(moved: Concept | None, features: str) -> str:
    return f"{moved.sentence} {features}" if moved else features


def _advice(moved: Concept | None, names: Iterable[str], on_features: str) -> str:
    """Return what to do: about the relation where it changed, else about features, and what their drift foretells."""
    if moved is not None:
        return moved.advice or on_features
    sign = early_sign(names)
    return f"{on_features} {sign}" if sign else on_features
