"""Who may speak in a tick, against a plain computation of each correction."""

import numpy as np
import pytest
from scipy import stats

from stream.checks import Measured
from stream.checks.measured import known
from stream.decision import HIGHEST_TICK_LEVEL, decide, p_adjusted, tick_level
from stream.persistence import AGREEING, COMPANION, NOVEL, OPENING, Carried
from stream.policy import Policy

CORRECTIONS = ("holm", "bonferroni", "bh", "none")


def _measured(check, p_values, effects, upper=None):
    """Return a check over features f0, f1, ... with these p-values and effects."""
    m = len(p_values)
    zeros = np.zeros(m)
    return Measured(
        check,
        tuple(f"f{i}" for i in range(m)),
        np.arange(m),
        known(zeros, np.array(effects, dtype=float)),
        np.full(m, 100),
        np.full(m, 100),
        lambda i: (float(p_values[i]), "given"),
        None,
        None if upper is None else lambda i: float(upper[i]),
    )


def _adjusted(p, correction):
    """Return adjusted p-values of a whole family, straight from the definitions."""
    p, m = np.asarray(p), len(p)
    if correction == "none":
        return p
    if correction == "bonferroni":
        return np.minimum(1.0, p * m)
    if correction == "bh":
        return stats.false_discovery_control(p)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * (m - np.arange(m))))
    return adjusted


def _opened(decision):
    return {(trial.measured.check, trial.row) for trial in decision.trials if trial.opens}


def _companions(decision):
    return {(trial.measured.check, trial.row) for trial in decision.trials if trial.companion}


def _random_family(rng):
    """Return p-values of two checks, small ones and exact ties among them, and effects around the floor of 0.1."""
    sizes = rng.integers(1, 12, 2)
    p = [np.round(10.0 ** -rng.uniform(0, 6, size), 3 + 3 * int(rng.integers(2))) for size in sizes]
    return p, [rng.uniform(0.05, 0.3, size) for size in sizes]


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_the_decision_is_the_textbooks(correction):
    """All tests are one family; under the floor they count with p = 1; who passes is who the definition passes."""
    rng = np.random.default_rng(1)
    passed = 0
    for _ in range(300):
        p, effects = _random_family(rng)
        level = float(10.0 ** -rng.uniform(0.5, 4))
        measured = (_measured("ks", p[0], effects[0]), _measured("chi2", p[1], effects[1]))
        decision = decide(measured, Policy(correction=correction, checks=("ks", "chi2")), level)
        assert decision.family == len(p[0]) + len(p[1])
        floored = np.where(np.concatenate(effects) >= 0.1, np.concatenate(p), 1.0)
        places = [("ks", i) for i in range(len(p[0]))] + [("chi2", i) for i in range(len(p[1]))]
        expected = {place for place, q in zip(places, _adjusted(floored, correction), strict=True) if q <= level}
        assert _opened(decision) == expected
        passed += len(expected)
    assert passed > 50


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_with_a_level_per_check_each_is_held_to_its_own(correction):
    """A check that lets everything pass takes no place in the order of the others."""
    rng = np.random.default_rng(2)
    for _ in range(300):
        p, effects = _random_family(rng)
        alpha = {"ks": float(rng.choice([1.0, 0.5, 0.05])), "chi2": float(10.0 ** -rng.uniform(0.5, 4))}
        measured = (_measured("ks", p[0], effects[0]), _measured("chi2", p[1], effects[1]))
        decision = decide(measured, Policy(correction=correction, alpha=alpha), 1e-9)
        above = np.concatenate(effects) >= 0.1
        adjusted = _adjusted(np.where(above, np.concatenate(p), 1.0), correction)
        levels = [alpha["ks"]] * len(p[0]) + [alpha["chi2"]] * len(p[1])
        places = [("ks", i) for i in range(len(p[0]))] + [("chi2", i) for i in range(len(p[1]))]
        rows = zip(places, adjusted, levels, above, strict=True)
        assert _opened(decision) == {place for place, q, level, large in rows if large and q <= level}


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_companions_are_discoveries_of_benjamini_and_hochberg(correction):
    """Whatever the correction that opens, at the rate of the policy, over the whole family."""
    rng = np.random.default_rng(3)
    for _ in range(200):
        p, effects = _random_family(rng)
        rate = float(rng.choice([0.05, 0.01, 0.2]))
        decision = decide(
            (_measured("ks", p[0], effects[0]), _measured("chi2", p[1], effects[1])),
            Policy(correction=correction, companions_fdr=rate),
            0.01,
        )
        above = np.concatenate(effects) >= 0.1
        adjusted = stats.false_discovery_control(np.where(above, np.concatenate(p), 1.0))
        places = [("ks", i) for i in range(len(p[0]))] + [("chi2", i) for i in range(len(p[1]))]
        rows = zip(places, adjusted, above, strict=True)
        assert _companions(decision) == {place for place, q, large in rows if large and q <= rate * (1 + 1e-12)}


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_a_bound_never_changes_a_decision(correction):
    """It only saves computing: with bounds as with none, the same open and the same are companions."""
    rng = np.random.default_rng(4)
    for _ in range(200):
        p, effects = _random_family(rng)
        alpha = {"ks": 0.5} if rng.random() < 0.5 else {}
        policy, level = Policy(correction=correction, alpha=alpha), float(10.0 ** -rng.uniform(0.5, 4))
        looser = [np.minimum(1.0, one * 10.0 ** rng.uniform(0, 3, len(one))) for one in p]
        plain = tuple(_measured(c, *parts) for c, *parts in zip(("ks", "chi2"), p, effects, strict=True))
        bounded = tuple(_measured(c, *parts) for c, *parts in zip(("ks", "chi2"), p, effects, looser, strict=True))
        without, having = decide(plain, policy, level), decide(bounded, policy, level)
        assert _opened(without) == _opened(having)
        assert _companions(without) == _companions(having)


def test_a_bound_spares_the_probability():
    """A test that its bound decides is never computed."""

    def never(_):
        raise AssertionError("computed")

    one = _measured("ks", [0.0], [0.5], upper=[1e-12])
    silent = Measured(one.check, one.features, *(getattr(one, name) for name in (
        "index", "numbers", "n", "n_reference")), never, None, one.upper)  # fmt: skip
    assert decide((silent,), Policy(), 0.01).opening() == {"f0"}


def test_under_its_floor_nothing_drifts():
    """However small the probability; at the floor it may."""
    decision = decide((_measured("ks", [0.0, 0.0], [0.0999, 0.1]),), Policy(), 0.05)
    assert decision.opening() == decision.drifting() == {"f1"}
    assert [trial.row for trial in decision.trials] == [1]


def test_what_agrees_is_large_enough_and_plainly_significant():
    """A p-value of 0.001 by itself, before no family; what opens or is listed agrees, too."""
    family = [0.001, 0.0011, 1e-9, 0.0005] + [0.5] * 196
    decision = decide((_measured("ks", family, [0.5, 0.5, 0.5, 0.09] + [0.0] * 196),), Policy(), 0.05)
    assert {trial.row: trial.agrees for trial in decision.trials} == {0: True, 1: False, 2: True}
    assert decision.levels() == {"f0": AGREEING, "f2": OPENING}


def test_a_feature_votes_by_the_strongest_of_its_tests():
    """Whatever order the checks are in."""
    agreeing, listed = _measured("ks", [0.001], [0.5]), _measured("std", [0.0002], [0.5])
    for pair in ((agreeing, listed), (listed, agreeing)):
        assert decide(pair, Policy(), 1e-6).levels() == {"f0": COMPANION}


@pytest.mark.parametrize(("check", "floor", "p"), [("range", 0.01, 0.1), ("new_category", 0.005, 0.05)])
def test_a_floor_of_what_training_never_had_is_a_trace(check, floor, p):
    """At its p-value or less; it agrees where such a thing was proved, and counts in the family as it did."""
    one = _measured(check, [p, 1.1 * p, 1e-9, p], np.array([1.0, 1.0, 1.0, 0.99]) * floor)
    proved = (Carried(frozenset(names)) for names in ((), ("f0",), ("f0", "f1")))
    alone, carried, shared = (decide((one,), Policy(), 1e-6, known) for known in proved)
    assert (alone.levels(), alone.traces()) == ({"f2": NOVEL}, {"f0": 1.0})
    assert (carried.levels(), carried.traces()) == ({"f0": AGREEING, "f2": NOVEL}, {})
    assert (shared.levels(), shared.traces()) == (alone.levels(), alone.traces())
    assert alone.family == carried.family == 4
    assert alone.opening() == alone.drifting() == {"f2"}


@pytest.mark.parametrize(("check", "floor", "p"), [("range", 0.01, 0.1), ("new_category", 0.005, 0.05)])
def test_half_a_floor_of_it_is_enough_to_stay(check, floor, p):
    """Of the features asked for, and with the same p-value; in the family it counts as all under their floors do."""
    effects = np.array([0.5, 0.49, 0.5, 0.5, 0.5]) * floor
    one = _measured(check, [p, 1e-9, 1.1 * p, p, p], effects)
    decision = decide((one,), Policy(), 1e-6, Carried(frozenset({"f3"}), frozenset({"f0", "f1", "f2"})))
    assert (decision.levels(), decision.traces()) == ({"f0": AGREEING}, {})
    assert [(trial.row, p_adjusted(trial, 5, "holm")) for trial in decision.trials] == [(0, 1.0)]
    assert decision.drifting() == frozenset()


def test_other_checks_leave_no_trace():
    """Half a shift with half a significance is what chance makes."""
    decision = decide(
        (_measured("ks", [0.06, 0.06], [0.5, 0.05]),), Policy(), 1e-6, Carried(lingering=frozenset({"f0", "f1"}))
    )
    assert (decision.levels(), decision.traces()) == ({}, {})


def test_a_vote_says_what_the_decision_does():
    """Levels, traces, and what was not tested."""
    one = _measured("range", [1e-9, 0.09], [0.5, 0.01])
    vote = decide((one,), Policy(), 1e-6).vote(10, 20, frozenset({"z"}))
    assert (vote.start_ms, vote.end_ms, vote.levels) == (10, 20, {"f0": NOVEL})
    assert vote.traces == {"f1": pytest.approx(0.9)}
    assert vote.untested == {"z"}


def test_small_tests_under_their_floor_still_count_in_the_family():
    """Ninety-nine harmless tests make the hundredth harder to pass."""
    alone = decide((_measured("ks", [0.001], [0.5]),), Policy(), 0.05)
    among = decide((_measured("ks", [0.001] + [0.5] * 99, [0.5] + [0.0] * 99),), Policy(), 0.05)
    assert alone.opening() == {"f0"}
    assert among.opening() == frozenset()
    assert among.family == 100


def test_alpha_replaces_the_level_of_its_check_alone():
    """The others keep the tick's."""
    measured = (_measured("ks", [0.04], [0.5]), _measured("std", [0.04], [0.5]))
    decision = decide(measured, Policy(correction="none", alpha={"ks": 0.05}), 0.01)
    assert _opened(decision) == {("ks", 0)}


def test_alpha_of_one_asks_for_size_alone():
    """Plain thresholds: any probability passes, the floor decides."""
    decision = decide(
        (_measured("mean", [1.0, 0.3], [0.3, 0.2]),), Policy(correction="none", alpha={"mean": 1.0}), 1e-9
    )
    assert decision.opening() == {"f0"}


def test_the_adjusted_probability_agrees_with_the_decision():
    """What is reported is at most the level exactly where drift was decided, and at most 1."""
    rng = np.random.default_rng(5)
    for _ in range(100):
        p, effects = _random_family(rng)
        for correction in CORRECTIONS:
            decision = decide((_measured("ks", p[0], effects[0]),), Policy(correction=correction), 0.01)
            for trial in decision.trials:
                reported = p_adjusted(trial, decision.family, correction)
                assert trial.p <= reported <= 1.0
                assert (reported <= trial.level) == trial.opens


def test_the_budget_is_spread_over_the_ticks():
    """One alarm in 30 days: an hourly tick has the 720th part of it, a daily one more, none above the highest level."""
    policy, hour_ms = Policy(), 3_600_000
    assert tick_level(policy, hour_ms) == pytest.approx(1 / 720)
    assert tick_level(policy, 24 * hour_ms) == pytest.approx(1 / 30)
    assert tick_level(policy, 7 * 24 * hour_ms) == HIGHEST_TICK_LEVEL


def test_no_tests_are_an_empty_family():
    """Nothing to decide, nothing that drifts."""
    decision = decide((), Policy(), 0.05)
    assert (decision.family, decision.trials, decision.drifting()) == (0, (), frozenset())
