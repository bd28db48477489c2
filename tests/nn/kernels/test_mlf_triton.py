"""The Triton kernels without a GPU: numbers in Triton's interpreter, machine code as compiled for NVIDIA's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from snnhw.nn.kernels import gpu

SWEEP = Path(__file__).with_name("triton_sweep.py")


@pytest.mark.slow
def test_kernels_give_the_bits_of_the_torch_loops():
    """Random K, T, thresholds, decay, width and sizes, float32 and float64, with exact ties at thresholds."""
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, str(SWEEP), "0", "12"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["cases"] == 24 and found["spikes"] > 1000 and found["gradients"] > 1000 and found["ties"] > 100
    assert (found["spikes_apart"], found["gradients_apart"], found["module_apart"]) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", [80, 90])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("steps", "n"), [(4, 300), (9, 1), (1, 1)])
def test_kernels_compile_for_nvidia_and_never_fuse_a_product_into_a_sum(
    architecture, dtype, steps, n, tmp_path, monkeypatch
):
    """Also for one neuron or one step, which Triton makes a constant of."""
    from tests.nn.kernels.compiled import compiling

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    x = torch.zeros(steps, n, dtype=dtype)
    with compiling(architecture) as code:
        gpu.fire(x, x, (0.6, 1.6, 2.6), 0.25)
        gpu.fire_backward(x, x, x, (0.6, 1.6, 2.6), 0.25, 1.0)
    bits = 8 * dtype.itemsize
    assert set(code) == {"fire_kernel", "fire_backward_kernel"}
    for ptx in code.values():
        assert f".target sm_{architecture}" in ptx and "fma" not in ptx
        assert f"mul.rn.f{bits}" in ptx and f"add.rn.f{bits}" in ptx
