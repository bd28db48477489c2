"""The convention of most papers: its counts by hand, and the sizes of its known errors."""

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.rate_times_flops import convention
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.graph.ir import MLF, Conv2d, Graph, Input, Readout
from tests.analysis.nets import random_raster, record_of, small_net


@pytest.mark.parametrize(("side", "stride", "error"), [(32, 1, 4), (16, 1, 9), (8, 1, 19), (4, 1, 44), (4, 2, 44)])
def test_taps_on_the_padding(side, stride, error):
    """3x3 with padding 1, by size of the output, whatever the stride (with stride 2: padding on one side only)."""
    size = side * stride if stride == 1 else 2 * side - 1
    nodes = [
        Input(name="x", shape=(1, size, size)),
        Conv2d(name="c", shape=(1, side, side), weight=np.ones((1, 1, 3, 3)), padding=(1, 1), stride=(stride, stride)),
        MLF(name="u", shape=(1, side, side), thresholds=(0.6,), decay=0.25),
        Readout(name="r", shape=(1, side, side)),
    ]
    graph = Graph.build(nodes, [("x", "c"), ("c", "u"), ("u", "r")], timesteps=2)
    found = convention(graph, count(graph, record_of(graph, random_raster(graph, np.random.default_rng(0)))))
    assert found.flops == found.first_flops == 9 * side * side
    assert f"(+{error} %)" in found.sentences[0]


def test_rate_times_flops_by_hand():
    """4 x 6 x 6 senders into 2 x 6 x 6 targets of 36 weights each; the read-out sees rates after its pool."""
    graph = small_net()
    raster = random_raster(graph, np.random.default_rng(0), samples=2)
    found = convention(graph, count(graph, record_of(graph, raster)))
    stem, body = (int(raster[name].sum()) for name in ("stem_mlf", "body_mlf"))
    assert found.rate_synops == pytest.approx((stem / 144 * 72 * 36 + body / 72 * 10) / 2)
    assert found.unit_synops < stem / 144 * 72 * 36 / 2 + body * 5 / 2
    assert found.first_flops == 144 * 18
    profile = load_profile("horowitz45-fp32")
    assert found.energy(profile) == pytest.approx(4.6e-12 * 144 * 18 + 0.9e-12 * found.rate_synops)
    assert "each of 3 steps" in found.sentences[2]
    assert found.to_dict()["errors"] == list(found.sentences)
