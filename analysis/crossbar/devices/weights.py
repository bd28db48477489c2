"""A chip as a network with other weights: reads without noise and converters that lose nothing are linear.

Takes a mapped integer graph and the effective devices of its tiles; gives the graph whose weights are what the devices
hold, so that the engine runs it as fast as the network itself. Of ideal devices it is the network itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from snnhw.analysis.crossbar.devices.device import Device
from snnhw.analysis.crossbar.devices.programming import Levels, spread_us
from snnhw.analysis.crossbar.tiles import LayerTiles, Tile
from snnhw.graph.ir import Array, Graph

ASSUMES = ("Converters have no limit: they give fractions of a device step, and the membranes behind them keep these.",)


def held_weights(layer: LayerTiles, devices: Mapping[Tile, Tensor]) -> Array:
    """Weights float64 of the shape of the node's own, as the devices of its tiles hold them."""
    matrix = layer.mapping.matrix
    weights = torch.zeros(matrix.groups, matrix.outputs, matrix.inputs, dtype=torch.float64)
    for tile in layer.tiles:
        rows, outputs = slice(*tile.rows), slice(*tile.outputs)
        weights[tile.group, outputs, rows] = tile.recombined(devices[tile]).T
    held: Array = (weights * layer.mapping.step).reshape(layer.node.weight.shape).numpy()
    return held


def weight_deviations(layers: Mapping[str, LayerTiles], device: Device, time_s: float = 0.0) -> dict[str, float]:
    """Standard deviation that the spread of its devices gives a weight of each layer, in units of the weights.

    A weight is sum_c f_c (device c), so its variance is sum_c f_c^2 sigma_c^2; the mean of it over all weights.
    """
    found = {}
    for name, layer in layers.items():
        slicing, variances = layer.mapping.slicing, []
        of = Levels(device, slicing.device_bits)
        factors = torch.tensor(slicing.factors, dtype=torch.float64)
        for tile in layer.tiles:
            sigma = spread_us(device, of.conductances(torch.as_tensor(tile.devices)), time_s) / of.step_us
            own = sigma[:, : sigma.shape[1] - slicing.shared_columns].square()
            variances.append((own.reshape(len(own), -1, len(factors)) * factors.square()).sum(dim=2).flatten())
        found[name] = layer.mapping.step * float(torch.cat(variances).mean().sqrt())
    return found


def held_network(graph: Graph, layers: Mapping[str, LayerTiles], devices: Mapping[Tile, Tensor]) -> Graph:
    """`graph` with the weights that the devices hold; whole numbers stay integers, so ideal devices change nothing."""
    nodes = dict(graph.nodes)
    for name, layer in layers.items():
        held = held_weights(layer, devices)
        whole = bool(np.array_equal(held, np.rint(held)))
        nodes[name] = dataclasses.replace(layer.node, weight=held.astype(np.int32 if whole else np.float32))
    return graph.replace(nodes=nodes)
