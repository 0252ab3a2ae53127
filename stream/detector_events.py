"""What change detectors say, put into an event of its own: told, and outside the budget of false alarms."""

from collections.abc import Sequence

from stream.detectors import Fired
from stream.drift_event import DriftEvent, Identity, TestedWindow, event_id
from stream.explain import Explanation
from stream.ids import digest
from stream.words import number

_ADVICE = (
    "Detectors look at the error alone: whether the inputs moved or the relation did is told by drift events, whose "
    "check `relation` compares alike inputs."
)


def fired_events(
    identity: Identity, fired: Sequence[Fired], explanation: Explanation, feature: str, window: TestedWindow
) -> tuple[DriftEvent, ...]:
    """Return the event that says which detectors fired since the last tick; none where none did."""
    if not fired:
        return ()
    names = ", ".join(dict.fromkeys(one.detector for one in fired))
    first = min(one.start_ms for one in fired)
    incident = digest("detector", *identity.parts(), names, str(first))
    values = f"{number(fired[-1].observed)} in the last intervals, {number(fired[-1].expected)} in the baseline"
    return (
        DriftEvent(
            id=event_id(incident, "detector.fired", window.end_ms),
            incident=incident,
            type="detector.fired",
            monitor=identity.monitor,
            segment=dict(identity.segment),
            severity="info",
            summary=f"{names}: the error changed: {feature} is {values}. Detectors have no budget of false alarms.",
            window=window.to_dict(),
            baseline={"fingerprint": identity.fingerprint, "n": identity.reference_n},
            features_total=1,
            features=[explanation.feature(feature, first)],
            advice=_ADVICE,
            model=identity.model,
            model_version=identity.model_version,
        ),
    )
