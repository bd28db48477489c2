"""Learning rate, optimiser and loss of a recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from snnhw.nn.level_gates import gates_of
from snnhw.train.recipe import Recipe


def learning_rate(recipe: Recipe, epoch: int, share: float) -> float:
    """Rate of the step with which `share` (0..1] of epoch 0, 1, ... is done: linear warm-up times the schedule.

    With e = epoch + share, cosine: lr * (1 + cos(pi * e / epochs)) / 2;
    step, the same for all of an epoch: lr * step_factor ** floor(epoch / step_epochs).
    """
    done = epoch + share
    warm = min(1.0, done / recipe.warmup) if recipe.warmup else 1.0
    if recipe.schedule == "cosine":
        factor = 0.5 * (1.0 + math.cos(math.pi * done / recipe.epochs))
    elif recipe.schedule == "step":
        factor = recipe.step_factor ** (epoch // recipe.step_epochs)
    else:
        factor = 1.0
    return recipe.lr * warm * factor


def value_from(table: Mapping[str, int], epoch: int, otherwise: int) -> int:
    """Entry of the latest start not after `epoch`, such as 1 of {0 = 1, 8 = 4} in epoch 7."""
    started = [int(start) for start in table if int(start) <= epoch]
    return table[str(max(started))] if started else otherwise


def make_optimiser(recipe: Recipe, network: nn.Module, captured: bool = False) -> torch.optim.Optimizer:
    """SGD with momentum or AdamW; vectors (norms, biases) do not decay unless the recipe decays all.

    Gates of levels never decay and are the last group, so that nothing else moves where they go.
    `captured` is for a step that becomes a CUDA graph: the learning rate is a tensor beside the weights, which a
    recording reads each time it is played, and nothing of a step is computed on the host.
    """
    gates = [unit.log_alpha for unit in gates_of(network).values()]
    parameters = [p for p in network.parameters() if p.requires_grad and not any(p is gate for gate in gates)]
    decayed = [p for p in parameters if recipe.decay_all or p.dim() > 1]
    rest = [p for p in parameters if not (recipe.decay_all or p.dim() > 1)]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    groups = [group for group in [*groups, {"params": gates, "weight_decay": 0.0}] if group["params"]]
    if captured:
        rate = torch.tensor(recipe.lr, dtype=torch.float32, device=parameters[0].device)
        if recipe.optimiser == "adamw":
            return torch.optim.AdamW(groups, lr=rate, fused=True, capturable=True)
        return torch.optim.SGD(groups, lr=rate, momentum=recipe.momentum, fused=True)
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.lr)
    return torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every group this learning rate; a rate that is a tensor keeps its place in memory."""
    for group in optimiser.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def taught_loss(recipe: Recipe, by_step: Tensor, target: Tensor, taught: Tensor) -> Tensor:
    """The loss of the targets and that of a teacher's logits `taught` [B, classes], of which a mean over its steps.

    (1 - a) * loss + a * c^2 * KL(softmax(taught / c) || softmax(mean_t o[t] / c))  (Hinton et al., 2015, Sec. 2);
    a is teacher_share, c teacher_temperature, and c^2 keeps the size of the gradient where c changes.
    """
    share, heat = recipe.teacher_share, recipe.teacher_temperature
    own, wanted = (log_softmax(logits / heat, 1) for logits in (by_step.mean(0), taught))
    apart = kl_div(own, wanted, reduction="batchmean", log_target=True)
    return (1.0 - share) * training_loss(recipe, by_step, target) + share * heat**2 * apart


def training_loss(recipe: Recipe, by_step: Tensor, target: Tensor) -> Tensor:
    """Loss of the logits of every step [T, B, classes] for target [B].

    mean: CE(mean_t o[t]).  tet: (1 - l) * mean_t CE(o[t]) + l * MSE(o, tet_mean)  (Deng et al., ICLR 2022, Eq. 8-10).
    """
    smoothing = recipe.label_smoothing
    if recipe.loss == "mean":
        return cross_entropy(by_step.mean(0), target, label_smoothing=smoothing)
    every = cross_entropy(by_step.flatten(0, 1), target.repeat(len(by_step)), label_smoothing=smoothing)
    pull = (by_step - recipe.tet_mean).square().mean()
    return (1.0 - recipe.tet_lambda) * every + recipe.tet_lambda * pull
