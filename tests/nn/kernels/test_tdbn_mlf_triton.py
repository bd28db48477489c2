"""The kernels of norm and unit as a launch compiles them for NVIDIA's GPUs; their numbers are in test_fused_gpu.py."""

import pytest
import torch

from snnhw.nn import MLF, TDBatchNorm, fire_normalised
from snnhw.nn.kernels import gpu

KERNELS = {
    "forward": ("moments_kernel", "statistics_kernel", "fire_kernel"),
    "backward": ("sums_kernel", "averages_kernel", "gradient_kernel"),
}
WIDE = {"moments_kernel", "fire_kernel", "sums_kernel", "gradient_kernel"}  # those that walk over x


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "dtype", "shape", "steps", "layout"),
    [
        (80, torch.bfloat16, (8, 64, 32, 32), 4, torch.channels_last),
        (90, torch.bfloat16, (9, 48, 16, 16), 9, torch.channels_last),
        (90, torch.float32, (4, 64, 32, 32), 4, torch.contiguous_format),
        (80, torch.float16, (1, 1, 1, 1), 1, torch.contiguous_format),
    ],
)
def test_all_six_compile_as_they_are_launched(architecture, dtype, shape, steps, layout, tmp_path, monkeypatch):
    """Products are rounded before they are added, slopes to the nearest, and memory is moved 16 bytes at a time."""
    from tests.nn.kernels.compiled import compiling

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(gpu, "on_gpu", lambda x: True)
    x = torch.zeros(shape, dtype=dtype).contiguous(memory_format=layout).requires_grad_()
    precision = torch.autocast("cpu", torch.bfloat16, enabled=dtype != torch.float32)
    with compiling(architecture) as code:
        with precision:
            spikes = fire_normalised(TDBatchNorm(shape[1]), MLF(timesteps=steps), x)
        assert tuple(code) == KERNELS["forward"]
        spikes.sum().backward()
    assert tuple(code) == KERNELS["forward"] + KERNELS["backward"]
    for name, ptx in code.items():
        assert f".target sm_{architecture}" in ptx and "fma" not in ptx and "sqrt.approx" not in ptx
        if x.numel() > 1 and name in WIDE:
            assert "ld.global.v4.b32" in ptx, name
    assert "sqrt.rn.f64" in code["statistics_kernel"] and "div.rn.f64" in code["statistics_kernel"]
    if dtype == torch.bfloat16:
        assert "cvt.rn.bf16x2.f32" in code["gradient_kernel"]
