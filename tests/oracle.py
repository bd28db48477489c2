"""Brute-force counter: walks every spike through the graph, tap by tap, in plain loops. The witness for `analysis`."""

from collections import defaultdict
from functools import cache
from itertools import product

import numpy as np

from snnhw.graph.ir import MLF, Conv2d, Flatten, Linear, Pool, Readout

INNER = Conv2d | Linear | Pool | Flatten


def taps(node, position, before):
    """Output positions of `node` that one position of its input contributes to."""
    if not isinstance(node, Conv2d | Pool):
        index = int(np.ravel_multi_index(position, before))
        linear = isinstance(node, Linear)
        return {(o,) for o in range(node.size) if (node.weight[o, index] != 0 if linear else o == index)}
    (c, y, x), (channels, height, width), found = position, node.shape, set()
    conv = isinstance(node, Conv2d)
    (kh, kw), (dy, dx) = (node.weight.shape[2:], node.dilation) if conv else (node.kernel, (1, 1))
    for o, i, j in product(range(channels), range(kh), range(kw)):
        row, off_y = divmod(y + node.padding[0] - i * dy, node.stride[0])
        col, off_x = divmod(x + node.padding[1] - j * dx, node.stride[1])
        group, inner = divmod(c, node.weight.shape[1]) if conv else (c, 0)
        meets = group == o // (channels // node.groups) and node.weight[o, inner, i, j] != 0 if conv else o == c
        if meets and not off_y and not off_x and 0 <= row < height and 0 <= col < width:
            found.add((o, row, col))
    return found


def count_events(graph, raster):
    """raster: unit -> [N, T, K, *shape] of a multi-level graph. Gives (source, synapse, target) -> [e, u, K*u].

    As if every target had synapses of its own; `computed_once` keeps a sum that several targets read once.
    """

    def targets(name):
        ends = [
            targets(e.target) if isinstance(graph.nodes[e.target], INNER) else {e.target} for e in graph.out_of(name)
        ]
        return set().union(*ends)

    @cache
    def arrivals(name, positions, gain):
        """(synapse, target, synapses met, gain) for one spike that leaves node `name` at `positions`."""
        found = []
        for edge in graph.out_of(name):
            node, total = graph.nodes[edge.target], gain * edge.gain
            reached = positions
            if isinstance(node, INNER):
                reached = frozenset().union(*(taps(node, p, graph.nodes[name].shape) for p in positions))
            if isinstance(node, Conv2d | Linear):
                found += [(node.name, target, len(reached), total) for target in sorted(targets(node.name))]
            elif isinstance(node, Pool | Flatten):
                found += arrivals(node.name, reached, total)
            elif not isinstance(node, Readout):
                found.append(("", node.name, len(positions), total))
        return found

    tally = defaultdict(lambda: [0, 0, 0])
    for unit, spikes in raster.items():
        for n, t, *position in np.argwhere(spikes.any(axis=2)).tolist():
            value = int(spikes[(n, t, slice(None), *position)].sum())
            for synapse, target, fan, gain in arrivals(unit, frozenset([tuple(position)]), 1):
                levels = graph.nodes[target].levels if isinstance(graph.nodes[target], MLF) else 1
                amounts = (fan, value * gain * fan, levels * value * gain * fan)
                tally[unit, synapse, target] = [
                    a + b for a, b in zip(tally[unit, synapse, target], amounts, strict=True)
                ]
    return dict(tally)


def computed_once(told):
    """(source, synapse, target) -> [e, u]; where several targets read one synapse node, the target is ""."""
    found = {}
    for (source, synapse, target), (e, u, _) in told.items():
        key = (source, synapse, "" if synapse else target)
        assert found.setdefault(key, [e, u]) == [e, u]
    return found
