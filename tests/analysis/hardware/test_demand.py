"""What the fullest core of a layer needs: axons and memory by brute force, pairs of decays by hand."""

from itertools import pairwise, product

import numpy as np
import pytest

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import map_network
from snnhw.graph.ir import LIF, Graph, Input, Linear, Readout
from snnhw.graph.loihi import DECAY_PAIRS
from tests.analysis.nets import chain


@pytest.mark.parametrize(("stride", "out"), [(1, 8), (2, 4)])
def test_demand_of_a_tile_by_brute_force(stride, out):
    """Axons: source positions with a tap into the tile. Memory: one list per source channel and pattern of taps."""
    source, layer, _ = map_network(chain(stride=(stride, stride), shape=(16, out, out)), load_chip("loihi1")).layers
    assert layer.tiles[0] == 1
    most_axons = most_bits = 0
    for ys, xs in tiles(layer, out):
        patterns, reaching = {}, 0
        for y, x in product(range(8), range(8)):
            taps = taps_into(y, x, ys, xs, stride)
            if taps:
                reaching += 1
                patterns[tuple(taps)] = len(taps)
        bits = 16 * sum(bits_of(n * 16 * 3) for n in patterns.values())
        most_axons, most_bits = max(most_axons, reaching * 3), max(most_bits, bits)
    assert (layer.demand.in_axons, layer.demand.memory) == (most_axons, most_bits)
    leaving = [
        3 * sum(bool(taps_into(y, x, *tile, stride)) for y in ys for x in xs for tile in tiles(layer, out))
        for ys, xs in tiles(source, 8)
    ]
    assert source.demand.out_axons == max(leaving)


def tiles(layer, size):
    """Rows and columns of every tile of a layer with one part along the channels."""
    steps = [-(-size // parts) for parts in layer.tiles[1:]]
    spans = [[range(i, min(i + step, size)) for i in range(0, size, step)] for step in steps]
    return list(product(*spans))


def taps_into(y, x, ys, xs, stride):
    """Taps of a padded 3x3 convolution through which source position (y, x) reaches a tile."""
    reach = product(range(3), range(3))
    return [(i, j) for i, j in reach if lands(y + 1 - i, ys, stride) and lands(x + 1 - j, xs, stride)]


def lands(at, span, stride):
    return at % stride == 0 and at // stride in span


def bits_of(synapses):
    """Blocks of 64 synapses of 8 + 10 bits and 10 bits of header, padded to 64."""
    full, rest = divmod(synapses, 64)
    return full * 1216 + ((rest * 18 + 10 + 63) // 64 * 64 if rest else 0)


@pytest.mark.parametrize(("decays", "cores"), [(32, 1), (33, 2), (64, 2)])
def test_a_core_of_loihi_1_holds_few_decays(decays, cores):
    """A row of 64 neurons is cut until no core has more than 32 different decays; Loihi 2 has no known limit."""
    own = np.linspace(0.1, 0.9, 64)
    own[decays:] = own[decays - 1]
    nodes = [
        Input(name="input", shape=(4,)),
        Linear(name="fc", shape=(64,), weight=np.ones((64, 4))),
        LIF(name="a", shape=(64,), threshold=1.0, decay=own),
        Linear(name="head", shape=(3,), weight=np.ones((3, 64))),
        Readout(name="readout", shape=(3,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps=4)
    (layer, readout) = map_network(graph, load_chip("loihi1")).layers
    assert layer.cores == cores and layer.demand.decays <= 32
    assert layer.binds == "decays" and readout.binds != "decays"
    assert map_network(graph, load_chip("loihi2")).layers[0].cores == 1


def test_decays_of_channels_are_counted_in_the_fullest_tile():
    """40 channels with a decay each in rows of 4: cutting channels in two leaves 20 decays, cutting rows leaves 40."""
    own = np.broadcast_to(np.linspace(0.1, 0.9, 40)[:, None, None], (40, 4, 4)).copy()
    nodes = list(chain(channels=40, size=4, levels=1).nodes.values())
    nodes[2] = LIF(name="a", shape=(40, 4, 4), threshold=1.0, decay=own)
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps=4)
    layer = map_network(graph, load_chip("loihi1")).layers[0]
    assert (layer.tiles, layer.demand.decays) == ((2, 1, 1), 20)


def test_the_limit_of_decays_is_the_one_that_check_names():
    assert load_chip("loihi1").decay_pairs_per_core == DECAY_PAIRS
