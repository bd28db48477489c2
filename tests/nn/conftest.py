import pytest
import torch

from snnhw.nn.kernels import native, tdbn_native


@pytest.fixture(scope="module", params=["c", "torch"])
def path(request):
    """What uses it runs on the C loops and on torch's operators."""
    usable = native.usable, tdbn_native.usable
    if request.param == "torch":
        native.usable = tdbn_native.usable = lambda x: False
    else:
        assert all(can(torch.zeros(1, 1, 1)) for can in usable), "the C loops did not compile"
    yield request.param
    native.usable, tdbn_native.usable = usable
