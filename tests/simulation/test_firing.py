"""The C loops and the loops over torch's operators give the same bits: spikes, membranes and every count."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw import native
from snnhw.graph.ir import LIF, MLF, LoihiLIF
from snnhw.simulation import firing
from snnhw.simulation.neurons import integer_dtype
from snnhw.simulation.record import COUNTS, Keep

BOTH = Keep(raster=True, membranes=True)
SHAPES = st.sampled_from([(1,), (63,), (64,), (65,), (3, 5, 7), (4, 8, 8)])


def assert_same(neurons, x, steps):
    assert native.usable(firing.SOURCE, x), "the C loops did not compile"
    constants = firing._constants(neurons, x)
    assert constants is not None
    a = firing._fire_in_c(constants, x, steps, BOTH, False)
    b = firing._fire_in_torch(neurons, x.expand(steps, *x.shape[1:]), False, BOTH)
    assert torch.equal(a.sent, b.sent)
    assert (a.raster == b.raster).all() and (a.membranes == b.membranes).all()
    for name in ("levels", "graded_spikes", "levels_t"):
        left, right = getattr(a.record, name), getattr(b.record, name)
        assert left.dtype == np.int64 and (left == right).all(), name
    bare = firing._fire_in_c(constants, x, steps, COUNTS, False)
    assert torch.equal(bare.sent, b.sent) and bare.raster is None and bare.membranes is None
    in_place = firing._fire_in_c(constants, x.clone(), steps, COUNTS, overwrite=True)
    assert torch.equal(in_place.sent, b.sent) and (in_place.record.levels == b.record.levels).all()


@given(
    seed=st.integers(0, 2**31),
    shape=SHAPES,
    batch=st.integers(1, 3),
    steps=st.integers(1, 6),
    static=st.booleans(),
    thresholds=st.lists(st.floats(0.125, 3.0, width=32), min_size=1, max_size=5, unique=True).map(sorted),
    decay=st.sampled_from([0.0, 0.25, 0.3, 0.9, 1.0]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_floats(seed, shape, batch, steps, static, thresholds, decay, dtype):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn((1 if static else steps, batch, *shape), generator=generator, dtype=dtype) * 1.5
    unit = MLF(name="u", shape=shape, thresholds=tuple(thresholds), decay=decay)
    assert_same((unit,), x, steps)
    channels = [LIF(name=f"c{k}", shape=shape, decay=decay, threshold=theta) for k, theta in enumerate(thresholds)]
    assert_same(channels, x, steps)
    each = torch.rand(shape, generator=generator, dtype=torch.float64).numpy()
    assert_same([LIF(name="e", shape=shape, decay=decay, threshold=each), channels[0]], x, steps)


@given(
    seed=st.integers(0, 2**31),
    shape=SHAPES,
    batch=st.integers(1, 3),
    steps=st.integers(1, 6),
    thresholds=st.lists(st.integers(0, 2**17 - 1), min_size=1, max_size=4, unique=True).map(sorted),
    dv=st.sampled_from([0, 2048, 3072, 4095]),
    exponent=st.integers(0, 7),
)
def test_integers(seed, shape, batch, steps, thresholds, dv, exponent):
    rng = np.random.default_rng(seed)
    bias = rng.integers(-4096, 4096, shape).astype(np.int16)
    channels = [
        LoihiLIF(name=f"c{k}", shape=shape, threshold=vth, du=4095, dv=dv, bias_mant=bias, bias_exp=exponent)
        for k, vth in enumerate(thresholds)
    ]
    x = torch.as_tensor(rng.integers(-(2**17) + 1, 2**17, (steps, batch, *shape)), dtype=torch.float32)
    if integer_dtype(channels, 2**17 - 1) == torch.float32:
        assert_same(channels, x, steps)


def test_what_the_c_loops_do_not_know_goes_through_torch():
    plain = LIF(name="a", shape=(2,), decay=0.5, threshold=1.0)
    others = [
        [LIF(name="a", shape=(2,), decay=0.5, threshold=1.0, reset="subtract")],
        [LIF(name="a", shape=(2,), decay=np.full(2, 0.5), threshold=1.0)],
        [LIF(name="a", shape=(2,), decay=0.5, threshold=1.0, gain=2.0)],
        [LIF(name="a", shape=(2,), decay=0.5, threshold=1.0, leak=0.1)],
        [LIF(name="a", shape=(2,), decay=0.5, threshold=1.0, v_reset=0.1)],
        [plain, LIF(name="b", shape=(2,), decay=0.25, threshold=2.0)],
    ]
    x = torch.zeros(1, 1, 2)
    assert firing._constants([plain], x) is not None
    assert all(firing._constants(neurons, x) is None for neurons in others)


def test_the_switch_turns_the_c_loops_off(monkeypatch):
    monkeypatch.setenv("SNNHW_NATIVE", "0")
    native.library.cache_clear()
    try:
        assert not native.usable(firing.SOURCE, torch.zeros(1))
    finally:
        monkeypatch.undo()
        native.library.cache_clear()
    assert native.usable(firing.SOURCE, torch.zeros(1))


def test_no_compiler_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv("CC", "/nonexistent/cc")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    native.library.cache_clear()
    try:
        assert native.library(firing.SOURCE) is None
    finally:
        monkeypatch.undo()
        native.library.cache_clear()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_goes_through_torch(dtype):
    assert not native.usable(firing.SOURCE, torch.zeros(1, dtype=dtype))


def test_long_samples_go_through_torch():
    unit = MLF(name="u", shape=(3,), thresholds=(0.6, 1.6), decay=0.25)
    x = torch.rand(1, 1, 3)
    long = firing.fire((unit,), x, firing.LONGEST + 1)
    short = firing.fire((unit,), x, 8)
    assert long.record.levels_t.shape == (2, firing.LONGEST + 1)
    assert (long.record.levels_t[:, :8] == short.record.levels_t).all()
