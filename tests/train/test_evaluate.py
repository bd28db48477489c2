import numpy as np
import pytest
import torch
from torch import nn

from snnhw.data.datasets import dataset
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.nn.time import time_first
from snnhw.train.evaluate import evaluate


class Copy(nn.Module):
    """Logits are the first four pixels."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x.flatten(1)[:, :4] * self.weight


def test_counts_are_exact_over_batches():
    inputs = np.random.default_rng(0).normal(size=(23, 1, 2, 2))
    targets = np.random.default_rng(1).integers(0, 4, 23)
    data = dataset("a:test", inputs, targets, 4)
    logits = torch.from_numpy(data.values).flatten(1)
    whole, parts = evaluate(Copy(), data), evaluate(Copy(), data, batch=5)
    assert whole.correct == parts.correct == int((logits.argmax(1).numpy() == targets).sum())
    assert (
        whole.loss
        == pytest.approx(parts.loss)
        == pytest.approx(nn.functional.cross_entropy(logits, torch.from_numpy(targets)).item())
    )
    assert whole.to_dict()["accuracy"] == whole.correct / 23


def test_events_go_in_time_first_and_the_mode_is_put_back():
    network = build("nmnist_ds_resnet8", widths=(2, 2, 2), timesteps=3).train()
    inputs = np.random.default_rng(0).poisson(1.0, size=(4, 3, 2, 8, 8))
    result = evaluate(network, dataset("a:test", inputs, np.arange(4), 10), batch=3)
    assert result.samples == 4 and network.training
    assert torch.equal(time_first(torch.from_numpy(inputs))[1, 2], torch.from_numpy(inputs)[2, 1])


def test_unfitting_data_are_refused():
    data = dataset("a:test", np.zeros((1, 1, 2, 2)), np.array([4]), 5)
    with pytest.raises(InputError, match="has target 4 and the network 4 logits"):
        evaluate(Copy(), data)
    with pytest.raises(InputError, match="is empty"):
        evaluate(Copy(), data.take(slice(0, 0)))
