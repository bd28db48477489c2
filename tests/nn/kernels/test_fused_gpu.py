"""Norm and unit in Triton: numbers of the kernels in Triton's interpreter, choice and sizes without it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

from snnhw.nn.kernels import fused_gpu, gpu
from snnhw.nn.kernels.constants import Recurrence

UNITS = Path(__file__).with_name("triton_units.py")
UNIT = Recurrence((0.6, 1.6), 0.25, 1.0, 4)


def interpreted(*arguments):
    """What `triton_units.py` prints in Triton's interpreter."""
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, str(UNITS), *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # gloo of torch 2.9 greets on stdout


@pytest.mark.slow
def test_units_are_the_module_in_double_precision():
    """Random units, layouts, types, offsets and numbers of programs.

    Every spike is that of the torch loops in float32 for the mean, scale and shift that the kernels found; sums in
    another order than the module's change those in the last digit. Spikes and gradients are the float64 module's where
    no potential is within 1e-4 of a jump, and low precision is float32 rounded once.
    """
    found = interpreted("sweep", "0", "32")
    assert found["units"] >= 28 and found["in_order"] == found["units"]
    assert found["spikes"] > 10_000 and found["slopes"] > 10_000 and found["low"] > 10_000
    assert (found["spikes_apart"], found["far_apart"], found["low_apart"]) == (0, 0, 0)
    differ = {
        name: found[name] for name in ("grad_x", "grad_gamma", "grad_beta", "running_mean", "running_var", "rate")
    }
    assert max(differ.values()) < 1e-6, differ


@pytest.mark.slow
def test_a_network_on_the_kernels_is_the_network():
    """Same loss; under autocast every convolution but the first gets its spikes in bfloat16."""
    found = interpreted("network")
    assert found["loss"] < 1e-6 and found["gradients"] < 1e-5 and found["buffers"] < 1e-6 and found["finite"]
    assert found["kinds"] == {"torch.bfloat16": found["convolutions"] - 1, "torch.float32": 1}


@pytest.mark.slow
def test_two_processes_are_one_with_the_whole_batch(tmp_path):
    """Shares of different size: the same spikes, gradients and running statistics."""
    found = interpreted("pair", str(tmp_path))
    assert found["spikes"] > 50 and found["spikes_apart"] == 0
    assert max(found[name] for name in ("grad_x", "grad_gamma", "grad_beta", "running")) < 1e-6


def can(device="cuda", dtype=torch.float32, running=torch.float32, levels=3, shape=(4, 2, 3, 3)):
    """Whether the kernels take a tensor that claims to be on a device."""
    unit = UNIT._replace(thresholds=tuple(range(levels)))
    with FakeTensorMode():
        return fused_gpu.usable(torch.empty(shape, device=device, dtype=dtype), torch.empty(2, dtype=running), unit)


def test_the_kernels_take_what_they_compute_exactly_and_leave_the_rest():
    assert can() and can(dtype=torch.bfloat16) and can(dtype=torch.float16) and can(levels=32)
    assert not can(device="cpu") and not can(dtype=torch.float64) and not can(running=torch.float64)
    assert not can(levels=33) and not can(shape=(0, 2, 3, 3)) and not can(shape=(2**20, 1, 64, 64))


def test_triton_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("SNNHW_TRITON", "0")
    gpu._installed.cache_clear()
    assert not can()
    monkeypatch.undo()
    gpu._installed.cache_clear()
    assert can()


@given(
    rows=st.integers(1, 4000),
    channels=st.integers(1, 300),
    sides=st.sampled_from([(1, 1), (3, 5), (32, 32)]),
    last=st.booleans(),
    each=st.integers(1, 32),
)
def test_tiles_and_shares_cover_every_number_once(rows, channels, sides, last, each):
    with FakeTensorMode():
        x = torch.empty(4 * rows, channels, *sides)
        form = fused_gpu._form(x.contiguous(memory_format=torch.channels_last) if last else x, 4)
    assert form.pixels * form.channels * 4 == 4 * rows * channels * sides[0] * sides[1]
    assert form.plane == (1 if last and channels > 1 else sides[0] * sides[1])
    tile = fused_gpu._tile(form, each)
    numbers = tile.pixels * tile.channels
    assert numbers.bit_count() == tile.channels.bit_count() == 1 and 128 <= numbers <= min(128 * each, 1024)
    assert (tile.blocks - 1) * tile.channels < channels <= tile.blocks * tile.channels
    share, shares = fused_gpu._shares(form.pixels, tile)
    assert share % tile.pixels == 0 and (shares - 1) * share < form.pixels <= shares * share
    assert shares * tile.blocks <= max(1024, tile.blocks)
