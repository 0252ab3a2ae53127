"""Categories under another name, or with another's share: told when name or shares leave no other choice."""

import numpy as np
import pytest

from tests.builders import patterns_of

RNG = np.random.default_rng(5)
NAMES, SHARES = ["mobile", "desktop", "tablet", "tv"], [0.5, 0.3, 0.15, 0.05]


def _drawn(rows, names=NAMES, shares=SHARES):
    return RNG.choice(names, rows, p=shares).tolist()


TRAINING = _drawn(4000)


def _found(window, training=TRAINING):
    return patterns_of({"device": training}, {"device": window}).get("device")


def test_a_name_in_another_spelling_is_the_same_category():
    """Capitals, spaces and dashes do not make a new one."""
    found = _found(_drawn(800, ["Mobile", "desktop", "tablet", " T-V"]))
    assert (found["kind"], found["categories"]) == ("renamed", {"mobile": "Mobile", "tv": " T-V"})
    assert found["sentence"].startswith(
        "device spells its categories differently: 'mobile' is now 'Mobile', 'tv' is now ' T-V' ("
    )


def test_a_new_spelling_for_part_of_the_rows_is_told_with_its_share():
    """One of two clients changed."""
    found = _found(_drawn(800, [*NAMES, "MOBILE"], [0.25, 0.3, 0.15, 0.05, 0.25]))
    assert found["categories"] == {"mobile": "MOBILE"}
    assert found["share"] == pytest.approx(0.25, abs=0.05)


def test_a_strange_name_with_the_share_of_a_lost_one_looks_like_it():
    """The others stay as they were."""
    found = _found(_drawn(800, ["phone", "desktop", "tablet", "tv"]))
    assert found["categories"] == {"mobile": "phone"}
    assert "'mobile' looks like 'phone'" in found["sentence"]


def test_a_strange_name_with_another_share_is_new():
    """A category was lost, another came: neither has to do with the other."""
    assert _found(_drawn(800, ["desktop", "tablet", "tv", "watch"], [0.6, 0.2, 0.1, 0.1])) is None


def test_a_strange_name_beside_others_that_moved_is_new():
    """The share fits, but so much else changed that it may be chance."""
    assert _found(_drawn(800, ["phone", "desktop", "tablet", "tv"], [0.5, 0.12, 0.33, 0.05])) is None


def test_shares_that_changed_places_look_recoded():
    """Four categories, in the order of another encoder."""
    found = _found(_drawn(800, ["tv", "mobile", "desktop", "tablet"]))
    assert (found["kind"], found["categories"]) == (
        "recoded",
        {"mobile": "tv", "desktop": "mobile", "tablet": "desktop", "tv": "tablet"},
    )


def test_an_inverted_flag_is_recoded():
    """Nine of ten were true, nine of ten are false."""
    flags = ["true", "false"]
    found = _found(_drawn(800, flags, [0.1, 0.9]), _drawn(4000, flags, [0.9, 0.1]))
    assert found["categories"] == {"true": "false", "false": "true"}


@pytest.mark.parametrize("shares", [[0.2, 0.2, 0.4, 0.2], [0.9, 0.05, 0.03, 0.02]])
def test_another_mix_is_no_recoding(shares):
    """Shares that no order of the old ones gives."""
    assert _found(_drawn(800, NAMES, shares)) is None


def test_two_shares_that_cross_are_no_recoding():
    """65 to 35 becomes 35 to 65: tastes do that, too."""
    flags = ["a", "b"]
    assert _found(_drawn(800, flags, [0.35, 0.65]), _drawn(4000, flags, [0.65, 0.35])) is None


def test_categories_that_no_longer_come_are_gone():
    """Not one row has any."""
    assert _found([None] * 800) == {"kind": "gone", "share": 1.0, "sentence": "device went missing entirely"}
