import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snnhw.nn import build, packed_spikes
from snnhw.nn.packing import SMALLEST, Bytes, pack, unpack

ODD = st.sampled_from([0.0, 1.0, 3.0, 255.0, 256.0, -1.0, 0.5, 1e-30, np.inf, np.nan])


@given(
    odd=arrays(np.float32, 3, elements=ODD),
    place=st.integers(0, SMALLEST - 3),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16]),
    shape=st.sampled_from([(SMALLEST,), (64, -1), (2, 2, -1), (4, 2, 8, -1)]),
)
def test_what_is_unpacked_is_what_was_kept(odd, place, dtype, shape):
    """Whatever stands between the spikes, wherever; spikes alone are packed."""
    x = torch.arange(SMALLEST).remainder(13).to(dtype).view(shape)
    x.view(-1)[place : place + 3] = torch.from_numpy(odd).to(dtype)
    kept = pack(x)
    whole = bool(((x == x.round()) & (x >= 0) & (x <= 255)).all())
    assert isinstance(kept, Bytes) is whole
    back = unpack(kept)
    assert back.dtype == dtype and torch.equal(torch.nan_to_num(back), torch.nan_to_num(x))


@pytest.mark.parametrize("x", [torch.zeros(10), torch.zeros(SMALLEST, dtype=torch.int64)])
def test_small_and_whole_tensors_are_left_alone(x):
    assert pack(x) is x


def test_gradients_have_the_same_bits_and_a_quarter_of_the_memory_is_saved():
    torch.manual_seed(0)
    network, x = build("ds_resnet8"), torch.randn(2, 3, 32, 32)
    gradients, megabytes = [], []

    def measured(t):
        seen[t.data_ptr()] = t.nbytes
        return t

    def measured_packed(t):
        kept = pack(t)
        measured(kept.values if isinstance(kept, Bytes) else kept)
        return kept

    for keep, back in ((measured, lambda t: t), (measured_packed, unpack)):
        seen = {}
        with torch.autograd.graph.saved_tensors_hooks(keep, back):
            loss = network(x).square().sum()
        loss.backward()
        gradients.append([p.grad.clone() for p in network.parameters()])
        network.zero_grad()
        parameters = sum(seen.get(p.data_ptr(), 0) for p in network.parameters())
        megabytes.append((sum(seen.values()) - parameters) / 1e6)
    with packed_spikes():
        loss = network(x).square().sum()
    loss.backward()
    gradients.append([p.grad for p in network.parameters()])
    for packed in gradients[1:]:
        assert all(torch.equal(a, b) for a, b in zip(packed, gradients[0], strict=True))
    assert megabytes[1] < 0.75 * megabytes[0]
