"""Circuits of small networks by hand: blocks, bits, relays, axons."""

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters.nengo_loihi.lower import Arrival, arrivals, lower
from snnhw.passes.balance_delays import balance_delays
from tests.exporters.c.test_c import counted, late
from tests.exporters.lava.nets import residual
from tests.exporters.nengo_loihi.test_run import heavy


def test_every_bit_of_the_input_is_a_stream_and_the_sign_bit_subtracts():
    circuit = lower(heavy()[0])
    assert [s.bit for s in circuit.streams] == list(range(8)) and {s.size for s in circuit.streams} == {4}
    first = [s for s in circuit.synapses if s.block == "unit"]
    assert [(s.exponent, s.sign) for s in first] == [(b, 1) for b in range(7)] + [(7, -1)]
    assert {s.weights for s in first} == {"first"} and circuit.arrays["first/weight"].tolist() == [254] * 12
    (unit,) = [block for block in circuit.blocks if block.kind == "unit"]
    assert unit.values == {"vth": 30_000 * 64, "du": 4095, "dv": 1024, "bias": 0, "start": 0, "current_start": 0}
    assert circuit.steps == 3 + 3  # three steps, a synapse to each, and one to enter


def test_a_readout_has_as_many_blocks_as_its_registers_need():
    circuit = lower(heavy()[0])
    ends = [block for block in circuit.blocks if block.kind == "readout"]
    assert len(ends) == 3  # 32,000 each
    taken = [circuit.arrays[a.to].tolist() for a in circuit.axons if a.synapses.startswith("last")]
    assert sorted(taken) == [[-1, -1, 2], [-1, 1, -1], [0, -1, -1]]


def test_early_branches_pass_through_one_chain_of_relays():
    _, graph = residual(1)
    balanced = balance_delays(graph)
    circuit = lower(balanced)
    relays = [block.name for block in circuit.blocks if block.kind == "relay"]
    longest = {}
    for name in balanced.nodes:
        for each in arrivals(balanced, name):
            longest[each.sender] = max(longest.get(each.sender, 0), each.late)
    longest.pop("input")
    assert relays and sorted(relays) == sorted(f"{n}@{k}" for n, late in longest.items() for k in range(1, late + 1))
    ones = [value for name, value in circuit.arrays.items() if name.startswith("ones/") and name.endswith("/weight")]
    assert ones and all((value == 1).all() for value in ones)


def test_gains_and_pools_are_axons():
    graph, _ = counted()
    found = arrivals(graph, "conv")
    assert found == {Arrival("input", 0, ("pool",)): 1}
    assert arrivals(graph, "second") == {Arrival("u_l1", 0): 2, Arrival("u_l2", 0): -1}
    circuit = lower(balance_delays(graph))
    second = [(a.sender, a.synapses) for a in circuit.axons if a.synapses.startswith("second")]
    assert second == [("u_l1", "second to end * 2^0")] * 2 + [("u_l2", "second to end * -2^0")]
    counts = [a.sender for a in circuit.axons if a.synapses.startswith("ones") and "readout" in a.synapses]
    assert counts.count("end") == 3 and "u_l2@1" in counts  # counted three times; and one synapse early


def test_what_its_rules_refuse_and_what_is_not_balanced():
    with pytest.raises(InputError, match="does not fit nengo-loihi: it delays its neurons by different numbers"):
        lower(late(np.array([0, 1, 2, 3, 5, 90]), 2)[0])
    _, graph = residual(1)
    with pytest.raises(InputError, match="arrives"):
        lower(graph.replace(edges=tuple(type(e)(e.source, e.target, e.gain) for e in graph.edges)))
