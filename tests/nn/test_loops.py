"""The implementations of the MLF loops give the same bits, and the right one is chosen.

The Triton path is tested without a GPU: its numbers in Triton's interpreter, its machine code as compiled for NVIDIA's.
"""

import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

from snnhw.nn.kernels import LOOPS, gpu, loops, loops_for, native
from snnhw.nn.neurons import MLF

SWEEP = Path(__file__).with_name("triton_sweep.py")


@settings(max_examples=60, deadline=None)
@given(
    thresholds=st.lists(st.floats(-0.5, 4.0), min_size=1, max_size=4, unique_by=np.float32).map(sorted),
    decay=st.floats(0.0, 1.0),
    width=st.floats(0.05, 4.0),
    steps=st.integers(1, 6),
    n=st.sampled_from([1, 63, 64, 65, 200]),
    seed=st.integers(0, 2**31),
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_c_and_torch_loops_give_the_same_bits(dtype, thresholds, decay, width, steps, n, seed):
    """Also where the decay is no power of two, so that a product fused into a sum would show."""
    unit = MLF(thresholds, decay, width, steps)
    generator = torch.Generator().manual_seed(seed)
    x, g = (torch.randn(steps, n, generator=generator, dtype=dtype) * 2 for _ in range(2))
    assert native.usable(x), "the C loops did not compile"
    results = []
    for path in (native, loops):
        spikes, grad = torch.full_like(x, torch.nan), torch.full_like(x, torch.nan)
        path.fire(x, spikes, unit.thresholds, decay)
        path.fire_backward(x, g, grad, unit.thresholds, decay, width)
        results.append((spikes, grad))
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


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
@pytest.mark.parametrize("dtype", ["fp32", "fp64"])
def test_kernels_compile_for_nvidia_and_never_fuse_a_product_into_a_sum(architecture, dtype, tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from snnhw.nn.kernels import mlf_triton

    arrays = {"fire_kernel": ("x", "spikes", "constants"), "fire_backward_kernel": ("x", "g", "grad_x", "constants")}
    for name, pointers in arrays.items():
        kernel = getattr(mlf_triton, name)
        constant = {"K": 3, "BLOCK": gpu.BLOCK, "SEGMENT": 4}
        constant = {key: value for key, value in constant.items() if key in kernel.arg_names}
        kinds = {key: "*" + dtype if key in pointers else "i32" for key in kernel.arg_names}
        source = ASTSource(kernel, {**kinds, **dict.fromkeys(constant, "constexpr")}, constant)
        target = GPUTarget("cuda", architecture, 32)
        code = triton.compile(source, target=target, options={"enable_fp_fusion": False}).asm["ptx"]
        assert f"mul.rn.f{dtype[2:]}" in code and f"add.rn.f{dtype[2:]}" in code
        assert "fma" not in code


@pytest.fixture
def asked_again():
    """Forget what is installed before and after the test."""
    gpu._installed.cache_clear()
    yield
    gpu._installed.cache_clear()


def chosen(device, dtype=torch.float32):
    """The loops for a tensor that claims to be on a device."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        return loops_for(torch.empty(4, 8, device=device, dtype=dtype))


def test_each_device_gets_the_first_loops_that_can_work_there(asked_again):
    assert (native, gpu, loops) == LOOPS
    assert loops_for(torch.zeros(4, 8)) is native
    assert chosen("cuda") is gpu and chosen("cuda", torch.float64) is gpu
    assert chosen("cuda", torch.int32) is loops
    assert chosen("meta") is loops


def test_without_triton_or_with_an_old_one_or_switched_off_the_torch_loops_work(asked_again, monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    for version in (absent, lambda name: "3.2.0"):
        monkeypatch.setattr(gpu, "version", version)
        gpu._installed.cache_clear()
        assert chosen("cuda") is loops
    monkeypatch.setattr(gpu, "version", lambda name: "3.10.0")
    gpu._installed.cache_clear()
    assert chosen("cuda") is gpu
    monkeypatch.setenv("SNNHW_TRITON", "0")
    gpu._installed.cache_clear()
    assert chosen("cuda") is loops


def test_networks_train_where_triton_cannot_be_imported():
    program = (
        "import sys; sys.modules['triton'] = None\n"
        "import torch; from snnhw.nn import build\n"
        "build('digits_ds_resnet8', widths=(2, 2, 2))(torch.zeros(1, 1, 8, 8)).sum().backward()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
