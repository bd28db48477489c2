"""The Triton kernels without a GPU: numbers in Triton's interpreter, machine code as compiled for NVIDIA's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
