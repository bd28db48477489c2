import math

import pytest
import torch
from torch.nn.functional import log_softmax

from snnhw.nn.models import build
from snnhw.train.recipe import recipe_from
from snnhw.train.schedule import learning_rate, make_optimiser, set_rate, taught_loss, training_loss

LEAST = {"name": "a", "model": "digits_ds_resnet8", "data": "digits", "epochs": 100, "lr": 0.1}


def test_step_schedule_of_the_paper():
    recipe = recipe_from({**LEAST, "schedule": "step", "step_epochs": 40})
    rates = [[learning_rate(recipe, epoch, share) for share in (0.01, 1.0)] for epoch in (0, 39, 40, 79, 80)]
    assert rates == [pytest.approx([rate] * 2) for rate in (0.1, 0.1, 0.01, 0.01, 0.001)]  # last steps included


def test_cosine_schedule_with_warm_up():
    recipe = recipe_from({**LEAST, "warmup": 5.0})
    assert learning_rate(recipe, 0, 1e-9) < 1e-10 and learning_rate(recipe, 99, 1.0) == pytest.approx(0)
    assert learning_rate(recipe, 49, 1.0) == pytest.approx(0.05)
    assert learning_rate(recipe, 2, 0.5) == pytest.approx(0.1 * 0.5 * (1 + math.cos(math.pi * 0.025)) / 2)
    assert learning_rate(recipe, 4, 1.0) == pytest.approx(0.1 * (1 + math.cos(math.pi * 0.05)) / 2)


def test_norms_and_biases_do_not_decay_unless_asked():
    network = build("digits_ds_resnet8")
    for decay_all in (False, True):
        groups = make_optimiser(
            recipe_from({**LEAST, "decay_all": decay_all, "weight_decay": 0.5}), network
        ).param_groups
        decayed = {id(p) for g in groups if g["weight_decay"] == 0.5 for p in g["params"]}
        for p in network.parameters():
            assert (id(p) in decayed) == (decay_all or p.dim() > 1)
        assert sum(len(g["params"]) for g in groups) == len(list(network.parameters()))


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_a_rate_that_is_a_tensor_gives_the_steps_of_one_that_is_not(kind):
    recipe = recipe_from({**LEAST, "optimiser": kind, "weight_decay": 0.1})
    weights = []
    for captured in (False, True):
        torch.manual_seed(0)
        network = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.Flatten(), torch.nn.Linear(3, 2)).double()
        optimiser = make_optimiser(recipe, network, captured)
        places = [group["lr"] for group in optimiser.param_groups]
        for rate in (0.5, 0.25, 0.125):
            set_rate(optimiser, rate)
            network(torch.ones(2, 2, 3, 3, dtype=torch.float64)).square().sum().backward()
            optimiser.step()
            optimiser.zero_grad()
        kept = [group["lr"] is place for group, place in zip(optimiser.param_groups, places, strict=True)]
        assert kept == [captured] * 2 and [float(group["lr"]) for group in optimiser.param_groups] == [0.125] * 2
        weights.append([p.detach().clone() for p in network.parameters()])
    for a, b in zip(*weights, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def test_losses_equal_their_equations():
    logits, target = torch.randn(3, 4, 5), torch.tensor([1, 0, 4, 2])
    rows = torch.arange(4)
    mean = -log_softmax(logits.mean(0), 1)[rows, target].mean()
    torch.testing.assert_close(training_loss(recipe_from(LEAST), logits, target), mean)
    every = sum(-log_softmax(o, 1)[rows, target].mean() for o in logits) / 3
    pull = ((logits - 1.0) ** 2).mean()
    tet = training_loss(recipe_from({**LEAST, "loss": "tet", "tet_lambda": 0.2}), logits, target)
    torch.testing.assert_close(tet, 0.8 * every + 0.2 * pull)


def test_label_smoothing_gives_a_share_to_every_class():
    """Targets are 1 - s + s/C for the class and s/C for the others, in both losses (Szegedy et al., 2016)."""
    logits, target = torch.randn(3, 4, 5), torch.tensor([1, 0, 4, 2])
    wanted = torch.full((4, 5), 0.3 / 5)
    wanted[torch.arange(4), target] += 0.7
    smooth = recipe_from({**LEAST, "label_smoothing": 0.3})
    torch.testing.assert_close(
        training_loss(smooth, logits, target), -(wanted * log_softmax(logits.mean(0), 1)).sum(1).mean()
    )
    tet = recipe_from({**LEAST, "label_smoothing": 0.3, "loss": "tet", "tet_lambda": 0.0})
    torch.testing.assert_close(training_loss(tet, logits, target), -(wanted * log_softmax(logits, 2)).sum(2).mean())


def test_a_teacher_gives_its_shares_as_targets():
    """At temperature c: (1 - a) of the loss, and a c^2 sum_k p_k (log p_k - log q_k), a mean over samples."""
    by_step, target, taught = torch.randn(3, 4, 5), torch.tensor([1, 0, 4, 2]), torch.randn(4, 5)
    recipe = recipe_from({**LEAST, "teacher_share": 0.3, "teacher_temperature": 2.0, "label_smoothing": 0.1})
    p, q = (torch.exp(x / 2) / torch.exp(x / 2).sum(1, keepdim=True) for x in (taught, by_step.mean(0)))
    apart = (p * (p / q).log()).sum(1).mean()
    wanted = 0.7 * training_loss(recipe, by_step, target) + 0.3 * 4 * apart
    torch.testing.assert_close(taught_loss(recipe, by_step, target, taught), wanted)
    same = taught_loss(recipe, by_step, target, by_step.mean(0))
    torch.testing.assert_close(same, 0.7 * training_loss(recipe, by_step, target))
