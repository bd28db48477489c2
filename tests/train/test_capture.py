"""Steps that are recorded and played: the same numbers as one after the other, and what is said where they cannot be.

CUDA's recording itself needs a GPU; here a tape stands for it, which computes nothing while it records.
"""

import copy
from functools import partial

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from snnhw.nn import fused, kernels
from snnhw.nn.kernels import loops, tdbn_operators
from snnhw.nn.models import build
from snnhw.nn.time import set_timesteps
from snnhw.train.average import Average
from snnhw.train.capture import WARM, Captured, Eager
from snnhw.train.epoch import ByStep, Training, train_step
from snnhw.train.recipe import recipe_from
from snnhw.train.schedule import make_optimiser, set_rate
from tests.train.small import SMALL


class Tape:
    """Records as CUDA does: the state is as before, and playing reads and writes the memory of the recording."""

    def __init__(self, training):
        self.training, self.recorded, self.aside_calls = training, 0, 0

    def aside(self, work):
        self.aside_calls += 1
        return work()

    def record(self, work):
        self.recorded += 1
        optimiser, network = self.training.optimiser, self.training.network
        tensors = [*network.state_dict().values()]
        tensors += [v for state in optimiser.state.values() for v in state.values() if isinstance(v, torch.Tensor)]
        tensors += list(self.training.average.values.values()) if self.training.average else []
        before = [value.detach().clone() for value in tensors]
        result = work()
        with torch.no_grad():
            for value, old in zip(tensors, before, strict=True):
                value.copy_(old)

        def play():
            for place, value in zip(result, work(), strict=True):
                place.copy_(value)

        return play, result


def small(about=(), captured=True):
    recipe = recipe_from({**SMALL, "optimiser": "sgd", "lr": 0.1, **dict(about)})
    torch.manual_seed(3)
    network = build("digits_ds_resnet8", **SMALL["arguments"], in_channels=1, relu=recipe.relu)
    average = Average(network, recipe.ema) if recipe.ema else None
    fabric = Fabric(accelerator="cpu", devices=1)
    optimiser = make_optimiser(recipe, network, captured)
    return Training(fabric, recipe, *fabric.setup(ByStep(network), optimiser), average)


def run(training, steps, batches, sizes):
    results = []
    for number, (batch, timesteps) in enumerate(zip(batches, sizes, strict=True)):
        set_timesteps(training.network, timesteps)
        set_rate(training.optimiser, 0.1 / (1 + number))
        if training.average:
            training.average.begin(number)
        results.append(steps(partial(train_step, training), *batch, timesteps))
    return results


@pytest.mark.parametrize(
    "about",
    [
        {},
        {"optimiser": "adamw", "lr": 0.01},
        {"ema": 0.9},
        {"accumulate": 2, "loss": "tet"},
        {"relu": True, "ema": 0.5},
    ],
    ids=str,
)
def test_played_steps_are_steps(about):
    batches = [(torch.randn(8, 1, 8, 8), torch.randint(10, (8,))) for _ in range(14)]
    sizes = [1] * 6 + [2] * 8
    eager, played = small(about), small(about)
    tape = Tape(played)
    expected = run(eager, Eager(), batches, sizes)
    results = run(played, Captured(tape, played.optimiser.zero_grad), batches, sizes)
    assert tape.recorded == 2 and tape.aside_calls == 2 * WARM  # once for each size
    for (loss, hits), (played_loss, played_hits) in zip(expected, results, strict=True):
        assert torch.equal(loss, played_loss) and torch.equal(hits, played_hits)
    for a, b in zip(eager.network.state_dict().values(), played.network.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    if "ema" in about:
        assert all(torch.equal(v, played.average.values[k]) for k, v in eager.average.values.items())


def test_a_step_that_cannot_be_recorded_goes_on_as_it_is_and_says_why():
    batches = [(torch.randn(8, 1, 8, 8), torch.randint(10, (8,))) for _ in range(6)]
    eager, broken = small(), small()

    class Broken(Tape):
        def record(self, work):
            broken.network.module.network.head.weight.grad = torch.full((10, 12), torch.nan)  # as a recording leaves it
            try:
                raise RuntimeError("operation not permitted when stream is capturing\nmore")
            except RuntimeError:
                raise RuntimeError("capture was invalidated")  # noqa: B904

    steps = Captured(Broken(broken), broken.optimiser.zero_grad)
    assert steps.note == ""
    expected, results = run(eager, Eager(), batches, [2] * 6), run(broken, steps, batches, [2] * 6)
    assert torch.equal(torch.stack([r[0] for r in expected]), torch.stack([r[0] for r in results]))
    assert steps.note == (
        "steps ran one operator after the other, since they cannot be a CUDA graph "
        "(operation not permitted when stream is capturing)"
    )


def test_autocast_keeps_no_cast_weights_in_a_recording():
    seen = []
    tape = Tape(small())

    def step(x, target):
        seen.append(torch.is_autocast_cache_enabled())
        return x.sum(), target.sum()

    steps = Captured(tape, lambda: None)
    for _ in range(WARM + 2):
        steps(step, torch.ones(2), torch.ones(2), 0)
    assert seen and not any(seen) and torch.is_autocast_cache_enabled()


class NeverLooks(TorchDispatchMode):
    """Refuses operators that bring a value to the host, which a recording cannot do."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        assert name not in ("_local_scalar_dense", "item", "equal", "is_nonzero", "nonzero", "masked_select"), name
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("about", [{}, {"ema": 0.9}, {"accumulate": 2, "loss": "tet"}, {"relu": True}], ids=str)
def test_a_step_never_looks_at_a_value(about, monkeypatch):
    """On torch's operators, which are those of a GPU without Triton."""
    monkeypatch.setattr(kernels, "LOOPS", (loops,))
    monkeypatch.setattr(kernels, "PASSES", (tdbn_operators,))
    monkeypatch.setattr(fused.fused_native, "usable", lambda x: False)
    training = small(about)
    batch = torch.randn(8, 1, 8, 8), torch.randint(10, (8,))
    run(training, Eager(), [batch], [2])  # makes the state of the optimiser
    before = copy.deepcopy(training.network.state_dict())
    set_rate(training.optimiser, 0.1)
    with NeverLooks():
        train_step(training, *batch)
    assert not all(torch.equal(v, before[k]) for k, v in training.network.state_dict().items())


def test_spikes_kept_as_bytes_are_a_look():
    training = small({"packed_spikes": True})
    wide = torch.randint(3, (64, 1, 8, 8)).float(), torch.randint(10, (64,))
    with NeverLooks(), pytest.raises(AssertionError, match=r"equal|_local_scalar_dense"):
        train_step(training, *wide)


def test_a_plain_rate_is_of_the_host():
    assert isinstance(small(captured=False).optimiser.param_groups[0]["lr"], float)
    assert isinstance(nn.Parameter(small().optimiser.param_groups[0]["lr"]), torch.Tensor)
