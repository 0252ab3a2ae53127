"""Sentences that a person on call understands, from the parts of a drift event."""

from datetime import UTC, datetime, timedelta
from typing import Any

from stream.advice import advice_on


def number(value: float) -> str:
    """Return a number as people write it: four digits, no trailing noise.

    >>> number(34.123456), number(1200000.0), number(0.0)
    ('34.12', '1.2e+06', '0')
    """
    return f"{value:.4g}"


def percent(share: float) -> str:
    """Return a share in percent; small ones keep a digit.

    >>> percent(0.6), percent(0.004)
    ('60 %', '0.4 %')
    """
    return f"{share * 100:.0f} %" if share >= 0.095 or share == 0 else f"{share * 100:.1f} %"


_COMPARED_WITH = {
    "baseline": "the baseline",
    "previous": "an earlier window",
    "last_day": "the same time of an earlier day",
    "last_week": "the same time of an earlier week",
    "last_year": "the same time of the year before",
}


def compared_with(comparator: str) -> str:
    """Return what a comparator compares a window with, as it stands in a sentence."""
    return _COMPARED_WITH.get(comparator, f"version {comparator}")


def summary(features: list[dict[str, Any]], total: int, tested: int, window_start_ms: int) -> str:
    """Return what moved most, since when if not only in this window, what looks like the same fault, and who else."""
    first, more = features[0], total - 1
    since = f", since {moment(first['since_ms'])}" if first["since_ms"] < window_start_ms else ""
    sentences = [f"{feature_sentence(first)}{since}."]
    alike = _alike(first, features[1:])
    if alike:
        sentences.append(f"The same in {names_of(alike, len(alike))}.")
    more -= len(alike) + (_kind(first) == "swapped" and first["pattern"]["column"] in {f["name"] for f in features})
    if more:
        others = "1 more feature" if more == 1 else f"{more} more features"
        sentences.append(f"{others} of {tested} {'drifts' if more == 1 else 'drift'}.")
    return " ".join(sentences)


def _kind(feature: dict[str, Any]) -> str:
    """Return the kind of a feature's pattern; empty where none is recognised."""
    kind: str = feature.get("pattern", {}).get("kind", "")
    return kind


def _alike(first: dict[str, Any], others: list[dict[str, Any]]) -> list[str]:
    """Return the others with the fault of the first; columns that changed places are told in its own sentence."""
    kind = _kind(first)
    if kind in ("", "swapped", "permuted"):
        return []
    factor = first["pattern"].get("factor")
    return [f["name"] for f in others if _kind(f) == kind and f["pattern"].get("factor") == factor]


def names_of(names: list[str], total: int | None = None) -> str:
    """Return the first three names, and how many more there are of ``total``."""
    left = (len(names) if total is None else total) - 3
    more = f" and {left} more" if left > 0 else ""
    return f"{', '.join(names[:3])}{more}"


def moment(time_ms: int) -> str:
    """Return UTC milliseconds as a person writes a time; seconds where there are any.

    >>> moment(0), moment(1_500)
    ('1970-01-01 00:00 UTC', '1970-01-01 00:00:01 UTC')
    """
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at.second else f"{at:%Y-%m-%d %H:%M} UTC"


def resolved(features: list[dict[str, Any]], total: int) -> str:
    """Return the sentence of an incident's end."""
    names = names_of([feature["name"] for feature in features[:3]], total)
    comparators = {check["comparator"] for feature in features for check in feature["checks"]}
    back = f"Back to {compared_with(comparators.pop())}" if len(comparators) == 1 else "No longer different"
    return f"{back}: {names}."


def feature_sentence(feature: dict[str, Any]) -> str:
    """Return one feature's move in words: the fault it looks like, or its most telling check.

    Says so where it is no move from the baseline.
    """
    sentence = _fault(feature) if "pattern" in feature else _move(feature)
    comparator = feature["comparator"]
    return sentence if comparator == "baseline" else f"{sentence}, against {compared_with(comparator)}"


def _fault(feature: dict[str, Any]) -> str:
    sentence: str = feature["pattern"]["sentence"]
    if _kind(feature) not in ("unit_change", "sign_flip"):
        return sentence
    return f"{sentence}: mean {number(feature['reference']['mean'])} -> {number(feature['production']['mean'])}"


def _move(feature: dict[str, Any]) -> str:
    checks = (check for check in feature["checks"] if check["comparator"] == feature["comparator"])
    drifting = {check["check"]: check for check in checks if check["drift"]}
    telling = max(
        (check for check in drifting.values() if check["check"] in ("missing", "new_category")),
        key=lambda check: float(check["effect"]),
        default=None,
    )
    body = [float(check["effect"]) for check in drifting.values() if check["check"] in ("ks", "chi2")]
    if set(drifting) == {"cusum"}:
        return _slow(feature, drifting["cusum"]["trend"])
    if telling is not None and telling["effect"] >= max(body, default=0.0):
        return _special(feature, telling["check"])
    if set(drifting) == {"relation"}:
        return _related(feature["name"], drifting["relation"])
    if feature["kind"] == "categorical":
        return _categories(feature)
    if "correlation" in drifting and not drifting.keys() & {"ks", "mean"}:
        return _together(feature["name"], drifting["correlation"])
    return _numeric(feature, set(drifting))


def advice(features: list[dict[str, Any]], total: int, tested: int) -> str:
    """Return what to look at first."""
    columns = next((f for f in features if _kind(f) in ("swapped", "permuted")), None)
    if columns is not None:
        return advice_on(columns["name"], columns["pattern"])
    if total > 2 and total * 2 >= tested:
        return (
            "Most features moved at once: look at the pipeline first (an upstream join, a unit, swapped columns, "
            "another client release) before the model."
        )
    name = features[0]["name"]
    if "pattern" in features[0]:
        return advice_on(name, features[0]["pattern"])
    return _advice_on_checks(name, {check["check"] for check in features[0]["checks"] if check["drift"]})


def _advice_on_checks(name: str, drifting: set[str]) -> str:
    if drifting == {"cusum"}:
        return (
            f"Follow {name} over the whole time: a slow change is wear, dirt, growth or a season more often than a "
            "release. Repair the source, or retrain before the model's quality goes the same way."
        )
    if "missing" in drifting:
        return f"Find out why {name} no longer arrives: look at the upstream source and its last release."
    if "new_category" in drifting:
        return (
            f"Check whether the new categories of {name} are real or an encoding change; the model has not seen them."
        )
    if drifting == {"relation"}:
        return f"Look at recent rows where {name} changed most: what came of them is not what came of such rows before."
    if drifting == {"correlation"}:
        return (
            f"Each feature by itself looks as in training, but not {name} with others: look for rows joined by a wrong "
            "key, columns shifted against each other, or one column filled from another source."
        )
    return (
        f"Check the model's quality where {name} moved; if the population really changed, retrain and fit the "
        "baseline anew, else repair the source."
    )


def _slow(feature: dict[str, Any], trend: dict[str, Any]) -> str:
    """Return where a change goes that no window shows by itself; since when is said behind it."""
    name, before, now, direction = feature["name"], feature["reference"], feature["production"], trend["direction"]
    if direction.startswith("missing"):
        return f"{name} has been {direction} often: {percent(before['missing'])} -> {percent(now['missing'])}"
    if direction in ("more", "less"):
        way, category = "towards" if direction == "more" else "away from", trend["category"]
        if not category:
            return f"{name} has been moving {way} its smaller categories"
        shares = f"{percent(before['shares'].get(category, 0.0))} -> {percent(now['shares'].get(category, 0.0))}"
        return f"{name} has been moving {way} {_name(category)}: {shares}"
    if direction in ("wider", "narrower"):
        if (now["std"] > before["std"]) != (direction == "wider"):
            # Ranks are wider where the values gather at one edge of what they were, however close together.
            where = "the edges" if direction == "wider" else "the middle"
            means = f"{number(before['mean'])} -> {number(now['mean'])}"
            return f"{name} has been moving to {where} of its range: mean {means}"
        return f"{name} has been getting {direction}: std {number(before['std'])} -> {number(now['std'])}"
    in_std = f" ({(now['mean'] - before['mean']) / before['std']:+.2f} sd)" if before["std"] else ""
    return f"{name} has been sliding {direction}: mean {number(before['mean'])} -> {number(now['mean'])}{in_std}"


def _special(feature: dict[str, Any], check: str) -> str:
    before, now = feature["reference"], feature["production"]
    if check == "new_category":
        names = ", ".join(repr(name) for name in now.get("new_categories", {}))
        return f"{feature['name']} has categories that training did not ({names}): {percent(now['unseen'])} of values"
    word = "missing or unusable more" if now["missing"] > before["missing"] else "missing less"
    return f"{feature['name']} is {word} often: {percent(before['missing'])} -> {percent(now['missing'])}"


def _categories(feature: dict[str, Any]) -> str:
    moves = [
        f"{_name(part['category'])} {percent(part['reference_share'])} -> {percent(part['share'])}"
        for part in feature["moved"]
    ]
    return f"{feature['name']} changed mix: {', '.join(moves) or 'no category by more than 1 %'}"


def _name(category: str) -> str:
    """Return a category as it stands in a sentence: in quotes where it would be taken for a number or for nothing."""
    return category if category[:1].isalpha() else f"'{category}'"


def _together(name: str, check: dict[str, Any]) -> str:
    """Return what became of two features' moving together."""
    before, now = check["correlation_reference"], check["correlation"]
    if abs(now) < abs(before):
        verb = "no longer move together"
    else:
        verb = "now move together" if now > 0 else "now move against each other"
    return f"{name} and {check['partner']} {verb}: rank correlation {before:.2f} -> {now:.2f}"


def _related(name: str, check: dict[str, Any]) -> str:
    """Return what became of the outcome among alike inputs."""
    observed, expected = percent(check["observed"]), percent(check["expected"])
    return f"{name}: {check['question']} in {observed} of rows where {expected} were expected of such inputs"


def _numeric(feature: dict[str, Any], drifting: set[str]) -> str:
    name, before, now = feature["name"], feature["reference"], feature["production"]
    if not drifting & {"ks", "mean"}:
        if "range" in drifting:
            outside = next(check["effect"] for check in feature["checks"] if check["check"] == "range")
            span = f"{number(before['min'])} to {number(before['max'])}"
            return f"{name} leaves its training range ({span}) in {percent(outside)} of values"
        word = "wider" if now["std"] > before["std"] else "narrower"
        return f"{name} is spread {word}: std {number(before['std'])} -> {number(now['std'])}"
    shift = now["mean"] - before["mean"]
    in_std = f" ({shift / before['std']:+.2f} sd)" if before["std"] else ""
    direction = "up" if shift > 0 else "down"
    verb = f"moved {direction}" if "mean" in drifting else "changed shape"
    return f"{name} {verb}: mean {number(before['mean'])} -> {number(now['mean'])}{in_std}{_where(feature['moved'])}"


def _where(moved: list[dict[str, Any]]) -> str:
    gains = [part for part in moved if part["share"] > part["reference_share"]]
    if not gains:
        return ""
    low, high = gains[0]["from"], gains[0]["to"]
    if low is None and high is None:
        return ""
    if low is None:
        return f", most of it at or below {number(high)}"
    return f", most of it above {number(low)}" if high is None else f", most of it in {number(low)} to {number(high)}"
