"""A loss or a weight that is NaN stops the training with epoch and batch; the state before it stays."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from snnhw.errors import FailedRunError
from snnhw.train import epoch
from snnhw.train.checkpoint import LAST, read_state
from snnhw.train.diverged import AT_ONCE, Losses, check_weights
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from tests.train.small import SMALL


class OneProcess:
    def all_reduce(self, value, reduce_op):
        return value


@pytest.mark.parametrize("bad", [0, 1, AT_ONCE - 1, AT_ONCE, 2 * AT_ONCE + 3])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_the_first_bad_batch_is_named(bad, value):
    losses, batches = Losses(OneProcess(), 4), 2 * AT_ONCE + 5
    with pytest.raises(FailedRunError, match=rf"The loss is {value:g} in batch {bad + 1} of epoch 5; the run folder"):
        for step in range(batches):
            losses.add(torch.tensor(value if step >= bad else 1.0), last=step + 1 == batches)


def test_finite_losses_pass():
    losses = Losses(OneProcess(), 0)
    for step in range(100):
        losses.add(torch.tensor(3e38), last=step == 99)


def test_a_weight_that_the_last_step_breaks_is_named():
    network = nn.Linear(2, 2)
    check_weights(network, 0)
    nn.init.constant_(network.bias, torch.inf)
    with pytest.raises(FailedRunError, match="Since the last step tensor 'bias' holds NaN or infinity at the end of"):
        check_weights(network, 0)


def test_a_run_that_diverges_keeps_the_state_before(tmp_path, monkeypatch):
    steps, step = [], epoch.train_step

    def breaks(training, x, target):
        steps.append(1)
        loss, correct = step(training, x, target)
        return (loss * torch.nan if len(steps) == 20 + 7 else loss), correct

    monkeypatch.setattr(epoch, "train_step", breaks)
    with pytest.raises(
        FailedRunError, match="The loss is nan in batch 7 of epoch 2; the run folder keeps the state after"
    ):
        fit(recipe_from(SMALL), tmp_path)
    assert len(read_state(tmp_path / LAST).about["rows"]) == 1
    monkeypatch.undo()
    assert len(fit(recipe_from(SMALL), tmp_path, resume=True).metrics) == 3
