"""The table of names that training did not have stays small, and its counts stay exact."""

from stream.unseen import CAPACITY, LONGEST_NAME, merge_names, tally_names


def test_names_are_counted():
    """Each name with the number of times it came."""
    assert tally_names(["b", "a", "b"]) == {"a": 1, "b": 2}


def test_the_table_is_bounded_and_its_counts_are_exact():
    """Of many names CAPACITY are kept, with every one of their occurrences, whoever came first."""
    names = [f"name {i}" for i in range(10 * CAPACITY)] * 3
    table = tally_names(names)
    assert len(table) == CAPACITY
    assert set(table.values()) == {3}
    assert tally_names(reversed(names)) == table


def test_merging_parts_keeps_the_names_of_the_whole():
    """The kept names do not depend on who saw which."""
    names = [f"name {i % 500}" for i in range(1500)]
    parts = [tally_names(names[i::7]) for i in range(7)]
    assert merge_names(parts) == merge_names([merge_names(parts[:3]), merge_names(parts[3:])]) == tally_names(names)


def test_a_long_name_is_cut():
    """A document in a category field does not fill the panes."""
    (name,) = tally_names(["x" * 10_000])
    assert name == "x" * LONGEST_NAME
