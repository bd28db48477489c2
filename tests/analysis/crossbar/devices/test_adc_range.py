"""Steps of converters: the one of a device where the bits suffice, else that of least squared error."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.crossbar.adc import Converter, least_bits
from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.adc_range import Sums, best_converter
from snnhw.analysis.crossbar.devices.reads import converted_reads
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.reading import windows_of
from snnhw.analysis.crossbar.tiles import programmed
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from tests.nets import residual_net


def histogram(seed, length):
    counts = np.random.default_rng(seed).integers(0, 50, length)
    counts[-1] += 1
    return counts


@given(st.integers(0, 999), st.integers(1, 200))
def test_with_enough_bits_the_step_is_that_of_a_device(seed, length):
    counts = histogram(seed, length)
    assert best_converter(counts, least_bits(length - 1)).step == 1.0


@given(st.integers(0, 999), st.integers(2, 200), st.integers(1, 6))
def test_no_halving_of_the_full_scale_is_better(seed, length, bits):
    counts, sums = histogram(seed, length), torch.arange(length, dtype=torch.float64)

    def error(step):
        return float(((Converter(bits, step)(sums) - sums).numpy() ** 2 * counts).sum())

    best = best_converter(counts, bits)
    full = (length - 1) / (2**bits - 1)
    assert best.bits == bits and best.step >= 1.0
    assert all(error(best.step) <= error(max(1.0, full / 2**halved)) for halved in range(7))


@given(st.integers(1, 8), st.floats(1.0, 9.0), st.integers(0, 999))
def test_a_converter_does_what_the_quantizer_of_crosssim_does(bits, step, seed):
    """Clip to [min, max], times (2^bits - 1) / (max - min), round half to even, back: min 0, max step (2^bits - 1).

    As in simulator/circuits/adc/quantizer_adc.py of its repository.
    """
    most = step * (2**bits - 1)
    sums = np.random.default_rng(seed).uniform(-0.2 * most, 1.2 * most, 50)
    factor = (2**bits - 1) / most
    expected = np.rint(np.clip(sums, 0, most) * factor) / factor
    found = Converter(bits, step)(torch.as_tensor(sums)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_sums_are_counted_as_they_occur():
    sample = residual_net(4, timesteps=2, widths=(2,), size=5)
    mapping = map_crossbars(compile_loihi(sample.graph, sample.inputs).graph, load_crossbar("rram").having(rows=8))
    layers = programmed(mapping)
    seen: dict[str, dict[int, int]] = {name: {} for name in layers}

    def compute(node, x):
        """Every plane of every window against the devices of every tile, in NumPy."""
        layer = layers.get(node.name)
        if layer is None:
            return None
        windows = windows_of(node, x.expand(mapping.graph.timesteps, *x.shape[1:]))
        for _, plane in layer.mapping.coding.planes(windows):
            for tile in layer.tiles:
                sums = plane[tile.group][:, slice(*tile.rows)].numpy() @ tile.devices
                sums = sums[sums > 0]  # where no line is driven nothing is read, and 0 is converted without an error
                for value, many in zip(*np.unique(sums.astype(int), return_counts=True), strict=True):
                    seen[node.name][int(value)] = seen[node.name].get(int(value), 0) + int(many)
        return None

    simulate(mapping.graph, sample.inputs, execution=Execution(synapses=compute))
    sums = Sums.of(layers)
    lossless = {name: Converter(layer.mapping.lossless_bits) for name, layer in layers.items()}
    reads = converted_reads(layers, sums.read(), lossless, mapping.graph.timesteps)
    simulate(mapping.graph, sample.inputs, execution=Execution(synapses=reads))
    for name, counts in sums.counts.items():
        assert {value: int(many) for value, many in enumerate(counts) if many and value} == seen[name]
    few = sums.converters(2)
    assert set(few) == set(layers) and all(converter.bits == 2 for converter in few.values())
