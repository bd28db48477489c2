"""The loops over torch's operators against the recurrence in plain Python and its derivative by hand."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.nn.kernels import loops


def slow(x, g, thresholds, decay, width):
    """(spikes, dL/dx) of one neuron in plain floats; the reset is not detached."""
    spikes, grad = np.zeros(len(x)), np.zeros(len(x))
    for theta in thresholds:
        u, s, last = [], [], 0.0
        for value in x:
            u.append(last + value)
            s.append(float(u[-1] > theta))
            last = decay * u[-1] * (1 - s[-1])
        spikes += s
        later = 0.0  # dL/du[t+1]
        for t in reversed(range(len(x))):
            near = 1 / width if abs(u[t] - theta) < width / 2 else 0.0
            later = near * (g[t] - decay * later * u[t]) + decay * later * (1 - s[t])
            grad[t] += later
    return spikes, grad


@given(
    seed=st.integers(0, 2**31),
    thresholds=st.lists(st.floats(0.1, 3.0), min_size=1, max_size=3, unique=True).map(sorted),
    decay=st.sampled_from([0.0, 0.25, 0.9]),
    width=st.sampled_from([0.5, 1.0, 2.0]),
    steps=st.integers(1, 5),
)
def test_spikes_and_gradient_equal_the_recurrence(seed, thresholds, decay, width, steps):
    generator = torch.Generator().manual_seed(seed)
    x, g = (torch.randn(steps, 6, generator=generator, dtype=torch.float64) * 2 for _ in range(2))
    spikes, grad = torch.empty_like(x), torch.empty_like(x)
    loops.fire(x, spikes, thresholds, decay)
    loops.fire_backward(x, g, grad, thresholds, decay, width)
    for n in range(6):
        wanted = slow(x[:, n].tolist(), g[:, n].tolist(), thresholds, decay, width)
        assert spikes[:, n].tolist() == wanted[0].tolist()
        np.testing.assert_allclose(grad[:, n], wanted[1], rtol=1e-12, atol=1e-12)


def test_chunks_do_not_show(monkeypatch):
    x, g = torch.randn(4, 100) * 2, torch.randn(4, 100)
    results = []
    for chunk in (1000, 7):
        monkeypatch.setattr(loops, "CHUNK", chunk)
        spikes, grad = torch.empty_like(x), torch.empty_like(x)
        loops.fire(x, spikes, (0.6, 1.6), 0.25)
        loops.fire_backward(x, g, grad, (0.6, 1.6), 0.25, 1.0)
        results.append(torch.cat([spikes, grad]))
    assert torch.equal(*results)
