"""Every row is in one pair; names go before forms, and forms keep their order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.difference.matching import NAME, ONLY_A, ONLY_B, ORDER, SHAPE, match
from snnhw.analysis.difference.side import Row

rows = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"), st.sampled_from(["first", "spiking", "readout"]), st.sampled_from([(4,), (2, 3)])
    ),
    max_size=7,
    unique_by=lambda row: row[0],
).map(lambda found: [Row(*row) for row in found])


def net(*forms):
    return [Row(name, kind, shape) for name, kind, shape in forms]


@given(rows, rows)
def test_every_row_is_in_exactly_one_pair_and_names_are_never_missed(a, b):
    pairs = match(a, b)
    assert [pair.a for pair in pairs if pair.a] == a  # in the order of A
    assert sorted(pair.b.name for pair in pairs if pair.b) == sorted(row.name for row in b)
    common = {row.name for row in a} & {row.name for row in b}
    assert {pair.name for pair in pairs if pair.how == NAME} == common
    assert all(pair.a.name == pair.b.name for pair in pairs if pair.how == NAME)
    for pair in pairs:
        assert (pair.a is None) == (pair.how == ONLY_B) and (pair.b is None) == (pair.how == ONLY_A)
        if pair.how == SHAPE:
            assert (pair.a.kind, pair.a.shape) == (pair.b.kind, pair.b.shape)
        if pair.how == ORDER:
            assert pair.a.kind == pair.b.kind
    for how in (SHAPE, ORDER):
        places = [b.index(pair.b) for pair in pairs if pair.how == how]
        assert places == sorted(places)


@given(rows)
def test_a_network_is_matched_with_itself_by_name_alone(a):
    assert [(pair.a, pair.b, pair.how) for pair in match(a, a)] == [(row, row, NAME) for row in a]


def test_other_names_of_the_same_network_are_matched_by_shape_in_order():
    a = net(("conv1", "first", (4, 6, 6)), ("conv2", "spiking", (4, 6, 6)), ("fc", "readout", (10,)))
    b = net(("0", "first", (4, 6, 6)), ("2", "spiking", (4, 6, 6)), ("4", "readout", (10,)))
    assert [(pair.name, pair.how) for pair in match(a, b)] == [
        ("conv1 -> 0", SHAPE),
        ("conv2 -> 2", SHAPE),
        ("fc -> 4", SHAPE),
    ]


def test_a_wider_network_is_matched_by_kind_where_as_many_layers_are_left():
    a = net(("a1", "first", (4,)), ("a2", "spiking", (4,)), ("out", "readout", (10,)))
    b = net(("b1", "first", (8,)), ("b2", "spiking", (8,)), ("out", "readout", (10,)))
    assert [pair.how for pair in match(a, b)] == [ORDER, ORDER, NAME]


def test_a_layer_more_stands_alone_behind_the_one_that_it_follows():
    a = net(("stem", "first", (4,)), ("out", "readout", (10,)))
    b = net(("stem", "first", (4,)), ("new", "spiking", (4,)), ("out", "readout", (10,)))
    assert [(pair.name, pair.how) for pair in match(a, b)] == [("stem", NAME), ("new", ONLY_B), ("out", NAME)]
    assert [(pair.name, pair.how) for pair in match(b, a)] == [("stem", NAME), ("new", ONLY_A), ("out", NAME)]


def test_what_a_chip_spends_as_a_whole_is_matched_by_its_name_alone():
    found = match(net(("chip", "", ())), net(("board", "", ())))
    assert {(pair.name, pair.how) for pair in found} == {("chip", ONLY_A), ("board", ONLY_B)}
