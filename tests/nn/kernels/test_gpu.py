"""Which loops a device gets."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from snnhw.nn.kernels import LOOPS, gpu, loops, loops_for, native


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
