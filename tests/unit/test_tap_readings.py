"""How batches become events: readings of inputs and outputs, and the form in which numbers are written."""

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, softmax
from scipy.stats import entropy

from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS
from consumers.tap import ByShape, Embeddings, Logits, MemoryEvents, Probabilities, Tabular, Tap, Tokens, Values
from consumers.tap.lines import event_lines, plain_values


def features_of(outlet: MemoryEvents) -> list[dict[str, Any]]:
    """Return what the events say."""
    return [json.loads(line)["features"] for line in outlet.lines]


def test_a_float32_is_written_as_people_mean_it() -> None:
    """34.1 in a float32 tensor is 34.1 in the event, so that it falls on the baseline's own 34.1."""
    values = np.array([34.1, 0.1, 1e-7, 16777216.0], dtype=np.float32)
    assert plain_values(values) == [34.1, 0.1, 1e-7, 16777216.0]
    assert plain_values(values.astype(np.float64))[0] != 34.1


def test_float64_and_integers_are_written_exactly() -> None:
    """What needs no shortening is not touched."""
    numbers = np.random.default_rng(1).normal(size=100)
    assert plain_values(numbers) == numbers.tolist()
    assert plain_values(np.array([2**62 + 1, -5])) == [2**62 + 1, -5]
    assert plain_values(np.array([True, False])) == [True, False]


def test_numbers_that_are_none_are_written_as_events_have_them() -> None:
    """NaN is missing, and an infinity is a number beyond every float."""
    column = np.array([np.nan, np.inf, -np.inf, 1.0], dtype=np.float32)
    lines = event_lines({"x": column, "y": [math.inf, None, "a", np.float32(0.1)]}, list("abcd"), [1, 2, 3, 4], {})
    assert [json.loads(line)["features"] for line in lines] == [
        {"x": None, "y": math.inf},
        {"x": math.inf, "y": None},
        {"x": -math.inf, "y": "a"},
        {"x": 1.0, "y": 0.1},
    ]


def test_columns_of_other_lengths_are_refused() -> None:
    """A row is never made of values of different rows."""
    with pytest.raises(ValueError, match="shorter"):
        event_lines({"x": [1, 2], "y": [1]}, ["a", "b"], [1, 2], {})


def test_tabular_names_columns() -> None:
    """Each column has its name, a vector is one feature, and another number of columns is refused."""
    read = Tabular(["age", "income"])(np.array([[1, 2], [3, 4]]))
    assert {name: column.tolist() for name, column in read.items()} == {"age": [1, 3], "income": [2, 4]}
    assert Tabular(["age"])(np.array([1, 3]))["age"].tolist() == [1, 3]
    with pytest.raises(ValueError, match="1 features have names"):
        Tabular(["age"])(np.zeros((2, 3)))


def test_tokens_are_counted_without_padding() -> None:
    """Padding is no token, and a text of padding alone has no share of unknown ones."""
    read = Tokens(unknown=1, padding=0)(np.array([[5, 1, 1, 9], [7, 8, 0, 0], [0, 0, 0, 0]]))
    assert read["tokens"].tolist() == [4, 2, 0]
    assert plain_values(read["unknown_share"])[:2] == [0.5, 0.0]
    assert math.isnan(read["unknown_share"][2])


def test_embedding_norm_is_the_length_of_the_vector() -> None:
    """The Euclidean norm, also of what has more axes."""
    assert Embeddings()(np.array([[3.0, 4.0], [0.0, 0.0]]))["embedding_norm"].tolist() == [5.0, 0.0]


def test_logits_give_class_confidence_and_entropy() -> None:
    """They are those of scipy's softmax and entropy, also where the exponential overflows."""
    scores = np.random.default_rng(2).normal(scale=[[1], [5], [900]], size=(3, 4))
    shares = softmax(scores, axis=1)
    read = Logits(["a", "b", "c", "d"])(scores)
    assert read["prediction"] == ["abcd"[winner] for winner in shares.argmax(axis=1)]
    np.testing.assert_allclose(read["confidence"], shares.max(axis=1), rtol=1e-12)
    np.testing.assert_allclose(read["entropy"], entropy(shares, axis=1), rtol=1e-9, atol=1e-12)


def test_one_logit_is_a_sigmoid() -> None:
    """[N] and [N, 1] are scores of the second of two classes."""
    scores = np.array([-2.0, 3.0])
    for shaped in (scores, scores[:, None]):
        read = Logits()(shaped)
        assert read["prediction"] == [0, 1]
        np.testing.assert_allclose(read["confidence"], [1 - expit(-2.0), expit(3.0)])


def test_probabilities_are_taken_as_they_are() -> None:
    """No softmax is put on top, and a share of zero has no entropy."""
    read = Probabilities()(np.array([[0.25, 0.75], [1.0, 0.0]]))
    assert (read["prediction"], read["confidence"].tolist()) == ([1, 0], [0.75, 1.0])
    np.testing.assert_allclose(read["entropy"], [entropy([0.25, 0.75]), 0.0])
    assert Probabilities(["no", "yes"])(np.array([0.9]))["prediction"] == ["yes"]


def test_an_answer_that_is_no_number_is_missing() -> None:
    """A model that answers NaN has predicted no class."""
    read = Logits()(np.array([[np.nan, 1.0], [1.0, 2.0]]))
    assert read["prediction"] == [None, 1]
    assert plain_values(read["confidence"])[0] is plain_values(read["entropy"])[0] is None


def test_outputs_are_read_by_their_shape() -> None:
    """Several columns are classes, one is a value, and what has more axes is left alone."""
    assert set(ByShape()(np.zeros((2, 3)))) == {"prediction", "confidence", "entropy"}
    assert set(ByShape()(np.zeros((2, 1)))) == set(ByShape()(np.zeros(2))) == {"prediction"}
    assert ByShape()(np.zeros((2, 3, 4, 4))) == {}
    assert set(Values()(np.zeros((2, 3)))) == {"prediction_0", "prediction_1", "prediction_2"}


def test_a_batch_by_hand_becomes_events() -> None:
    """Columns by name, predictions, ids and times: an event per row, with the fields that all have."""
    outlet = MemoryEvents()
    tap = Tap(outlet, fields={"model": "m"})
    columns = {"age": np.array([34.1, 50], dtype=np.float32), "device": ["mobile", None]}
    tap.record(columns, np.array([0.5, 0.25]), ids=["a", "b"], times=[1_700_000_000_000, 1_700_000_000_001])
    assert tap.flush(60)
    assert [json.loads(line) for line in outlet.lines] == [
        {"ts": ts, "id": name, "model": "m", "features": {"age": age, "device": device, "prediction": answer}}
        for ts, name, age, device, answer in (
            (1_700_000_000_000, "a", 34.1, "mobile", 0.5),
            (1_700_000_000_001, "b", 50.0, None, 0.25),
        )
    ]


def test_one_row_by_hand_needs_no_lists() -> None:
    """Single values are a batch of one row."""
    outlet = MemoryEvents()
    tap = Tap(outlet)
    tap.record({"age": 34, "device": "mobile"}, prediction=3.5, ids="a", times=1_700_000_000_000)
    assert tap.flush(60)
    assert [json.loads(line) for line in outlet.lines] == [
        {"ts": 1_700_000_000_000, "id": "a", "features": {"age": 34, "device": "mobile", "prediction": 3.5}}
    ]


def test_arrays_by_hand_are_copied() -> None:
    """A caller that fills its buffers anew right away does not change what it recorded."""
    outlet = MemoryEvents()
    tap = Tap(outlet, features=["x"])
    matrix, listed = np.zeros((2, 1)), [1, 2]
    tap.record(matrix)
    tap.record({"x": matrix[:, 0], "y": listed})
    matrix += 9
    listed[0] = 7
    assert tap.flush(60)
    assert features_of(outlet) == [{"x": 0.0}, {"x": 0.0}, {"x": 0.0, "y": 1}, {"x": 0.0, "y": 2}]


def test_rows_without_ids_have_one_each() -> None:
    """Ids that nobody gave are different in every row and in every tap."""
    found = set()
    for _ in range(2):
        outlet = MemoryEvents()
        tap = Tap(outlet)
        for _ in range(3):
            tap.record({"x": [1, 2]})
        assert tap.flush(60)
        found |= {json.loads(line)["id"] for line in outlet.lines}
    assert len(found) == 12


def test_events_of_the_tap_are_events_of_driftline(stage: Any) -> None:
    """The decoder counts them: numbers in their cells, categories, nothing wrong and nothing rejected."""
    outlet = MemoryEvents()
    tap = Tap(outlet)
    tap.record(
        {"age": np.array([40.0, np.nan, np.inf]), "device": ["mobile", "desktop", None]}, times=1_700_000_000_000
    )
    assert tap.flush(60)
    made = stage()
    layout = made.assembly.layout
    made.feed(outlet.lines)
    made.drain(made.counter(), made.judge())
    (pane,) = made.counted().values()
    ages, devices = layout.numeric_specials(0), layout.categorical_cells(0)
    odd = dict(zip(NUMERIC_SPECIALS, pane.counts.cells[ages].tolist(), strict=True))
    assert {name: count for name, count in odd.items() if count} == {"missing": 1, "positive_infinity": 1}
    kinds = [*layout.baseline.categorical[0].categories, *CATEGORICAL_SPECIALS]
    found = dict(zip(kinds, pane.counts.cells[devices].tolist(), strict=True))
    assert (found["mobile"], found["desktop"], found["missing"]) == (1, 1, 1)
