"""Cores on a chip: limits kept, demands against brute force, and the latency and static energy that follow."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from snnhw.analysis.hardware.chips import available_chips, load_chip
from snnhw.analysis.hardware.demand import LIMITS
from snnhw.analysis.hardware.mapping import map_network
from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, MLF, Conv2d, Flatten, Graph, Input, Linear, MaxPool, Pool, Readout
from snnhw.nn import build
from snnhw.passes import on_cores
from snnhw.passes.decompose import decompose
from snnhw.passes.fold_norm import fold_norm
from snnhw.passes.fold_pool import fold_pool
from snnhw.tracing.trace import trace
from snnhw.workflows.load import load_model
from tests.analysis.nets import chain
from tests.nets import residual_net, with_integer_neurons

WHERE = [(c, d) for c in available_chips() for d in ("channels", "shared", "graded") if (c, d) != ("loihi1", "graded")]


@pytest.mark.parametrize(("chip", "deployment"), WHERE)
def test_every_limit_is_kept_and_both_forms_map_alike(chip, deployment):
    graph, limits = chain(), load_chip(chip)
    mapping = map_network(graph, limits, deployment)
    for layer in mapping.layers:
        shares = layer.demand.shares(limits)
        assert set(shares) <= set(LIMITS) and max(shares.values()) == layer.use <= 1
        assert shares[layer.binds] == layer.use
    assert map_network(decompose(graph), limits, deployment).to_dict() == mapping.to_dict()
    assert mapping.cores == sum(layer.cores for layer in mapping.layers)


def test_graded_spikes_need_a_chip_whose_spikes_carry_them():
    """Three levels sum up to 3, which takes two bits; binary units fit in any case."""
    with pytest.raises(InputError, match=r"carry 2 bits, and those of Loihi 1 carry none: .*give --chip loihi2"):
        map_network(chain(), load_chip("loihi1"), "graded")
    limits = load_chip("loihi2")
    for bits, fits in ((None, True), (2, True), (1, False)):
        chip = dataclasses.replace(limits, spike_bits=bits)
        if fits:
            assert map_network(chain(), chip, "graded").layers == map_network(chain(), limits, "graded").layers
        else:
            with pytest.raises(InputError, match="carry 2 bits, and those of Loihi 2 carry at most 1"):
                map_network(chain(), chip, "graded")
    single = with_integer_neurons(chain(), 1, 0.25)
    assert map_network(single, load_chip("loihi1"), "graded").cores > 0


def test_integer_neurons_map_as_one_compartment_each_or_as_channels_where_these_do_the_same():
    limits = load_chip("loihi2")
    graph = with_integer_neurons(chain(), 3, 0.25)
    roomy = dataclasses.replace(limits, compartments_per_core=10**6, memory_bits_per_core=10**9)
    one, three = (map_network(g, roomy, "graded").layers[0].demand for g in (graph, chain()))
    assert (one.compartments, three.compartments) == (1024, 3 * 1024) and one.out_axons == three.out_axons
    as_channels = map_network(chain(), limits, "channels")
    with pytest.raises(InputError, match="'a' does not fit loihi2: its levels take off from one membrane"):
        map_network(graph, limits, "channels")
    with pytest.raises(InputError, match="'a' does not fit loihi2: it would send up to 3 spikes in a step"):
        map_network(graph, limits, "shared")
    memoryless = with_integer_neurons(chain(), 3, 0.0)
    assert map_network(memoryless, limits, "channels").to_dict() == as_channels.to_dict()


def test_one_core_less_would_not_fit():
    graph, chip = chain(), load_chip("loihi1")
    mapping = {layer.name: layer for layer in map_network(graph, chip).layers}
    # 16 channels x 64 positions x 3 levels = 3072 compartments in cores of 1024
    assert mapping["a"].cores == 4  # 8 rows or columns cut in 3 leave tiles of 3: 1152 compartments
    assert (mapping["a"].binds, mapping["a"].demand.in_axons, mapping["a"].demand.memory) == ("compartments", 0, 0)
    assert mapping["b"].demand.compartments <= 1024 and mapping["b"].demand.memory <= 2**20
    assert map_network(graph, chip, "shared").cores <= map_network(graph, chip, "channels").cores


def test_more_out_axons_than_a_core_has_force_smaller_tiles():
    graph, chip = chain(), load_chip("loihi1")
    tight = dataclasses.replace(chip, out_axons_per_core=20)
    loose = {layer.name: layer for layer in map_network(graph, chip).layers}
    found = {layer.name: layer for layer in map_network(graph, tight).layers}
    assert found["a"].cores > loose["a"].cores
    assert found["a"].demand.out_axons <= 20 < loose["a"].demand.out_axons


def test_a_neuron_that_fits_no_core_is_refused():
    chip = dataclasses.replace(load_chip("loihi1"), memory_bits_per_core=100)
    with pytest.raises(InputError, match="single neuron of layer 'readout' exceeds a core of Loihi 1"):
        map_network(chain(), chip)


@pytest.mark.parametrize("name", ["slots", "foo", ""])
def test_other_deployments_are_refused(name):
    with pytest.raises(InputError, match="no deployment that can be mapped"):
        map_network(chain(), load_chip("loihi1"), name)


def test_the_digits_network_fits_one_chip():
    graph = fold_pool(load_model("digits").graph)
    assert {name: map_network(graph, load_chip(name)).to_dict()["cores"] for name in available_chips()} == {
        "loihi1": 22,
        "loihi2": 12,
    }
    assert map_network(graph, load_chip("loihi1")).to_dict()["fits_one_chip"]


@pytest.mark.slow
def test_a_ds_resnet20_needs_many_chips_and_fewer_if_levels_share_their_synapses():
    network = build("ds_resnet20").eval()
    graph = fold_pool(fold_norm(trace(network, (network.in_channels, 32, 32))))
    loihi = load_chip("loihi1")
    channels, shared = (map_network(graph, loihi, deployment).chips for deployment in ("channels", "shared"))
    assert channels == 117
    assert shared < channels


@pytest.mark.parametrize(("levels", "decay"), [(1, 0.5), (3, 0.5), (3, 0.0)])
def test_integer_neurons_are_mapped_or_refused_with_a_deployment_that_maps_them(levels, decay):
    graph = fold_pool(fold_norm(with_integer_neurons(residual_net().graph, levels, decay)))
    chip = load_chip("loihi2")
    for deployment, refused in (("channels", levels > 1 and decay), ("shared", levels > 1), ("graded", False)):
        if refused:
            with pytest.raises(InputError, match="; map it as graded"):
                map_network(graph, chip, deployment)
        else:
            assert map_network(graph, chip, deployment).cores > 0


def test_one_level_is_a_plain_neuron_in_every_deployment():
    graph = fold_pool(fold_norm(with_integer_neurons(residual_net().graph, 1, 0.5)))
    channels, shared, graded = (map_network(graph, load_chip("loihi2"), d) for d in ("channels", "shared", "graded"))
    assert channels.layers == shared.layers == graded.layers


@pytest.mark.parametrize("whole", [False, True])
def test_a_max_pool_of_levels_is_refused_as_graded_by_its_name_with_what_maps(whole):
    """It reads single levels; where another unit has no channels, a layer in its place is what remains."""
    rng = np.random.default_rng(0)
    middle = MLF(name="b", shape=(2, 2, 2), thresholds=(0.5, 1.5), decay=0.25)
    if whole:
        middle = ILIF(name="b", shape=(2, 2, 2), thresholds=(0.5, 1.5), decay=0.25)
    nodes = [
        Input(name="input", shape=(2, 4, 4)),
        Conv2d(name="stem", shape=(2, 4, 4), weight=rng.normal(size=(2, 2, 1, 1))),
        MLF(name="a", shape=(2, 4, 4), thresholds=(0.5, 1.5), decay=0.25),
        MaxPool(name="pool", shape=(2, 2, 2), kernel=(2, 2), stride=(2, 2)),
        Conv2d(name="conv", shape=(2, 2, 2), weight=rng.normal(size=(2, 2, 1, 1))),
        middle,
        Flatten(name="flat", shape=(8,)),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 8))),
        Readout(name="readout", shape=(3,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps=2)
    chip = load_chip("loihi2")
    with pytest.raises(InputError, match="The max pool 'pool' is made of neurons for each level of") as refused:
        map_network(on_cores(graph), chip, "graded")
    assert ("or deploy as channels" in str(refused.value)) == (not whole)
    average = Pool(name="pool", shape=(2, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2))
    instead = graph.replace(nodes=[average if n.name == "pool" else n for n in graph.nodes.values()])
    assert map_network(on_cores(instead), chip, "graded").cores > 0
    assert whole or map_network(on_cores(graph), chip, "channels").cores > 0
