"""A checkpoint with the names of the MLF authors' public code becomes a report; the architecture is read off its names.

python examples/official_checkpoint_to_report.py [CHECKPOINT.pth]

Without a checkpoint one is made with random weights: CIFAR10-DVS, DS-ResNet-14 of an eighth of the width. Random
weights say nothing about accuracy; shapes, counts and the path are those of a trained file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

import snnhw

SIDE, WIDTHS, BLOCKS, CLASSES = 42, (4, 8, 16), 2, 10


def norm(name: str, channels: int) -> dict[str, torch.Tensor]:
    """tdBN as that code names it."""
    values = {"weight": 1.5, "bias": 0.2, "running_mean": 0.0, "running_var": 1.0}
    return {f"{name}.bn.{key}": torch.full((channels,), value) for key, value in values.items()}


def conv(name: str, outputs: int, inputs: int, kernel: int = 3) -> dict[str, torch.Tensor]:
    weight = torch.empty(outputs, inputs, kernel, kernel)
    return {f"{name}.weight": torch.nn.init.kaiming_normal_(weight)}


def state_dict() -> dict[str, torch.Tensor]:
    """conv1, bn1, layer1..3.execute.0..1, voting."""
    state = {**conv("conv1", WIDTHS[0], 2), **norm("bn1", WIDTHS[0])}
    before = WIDTHS[0]
    for stage, width in enumerate(WIDTHS, start=1):
        for index in range(BLOCKS):
            block = f"layer{stage}.execute.{index}"
            state |= conv(f"{block}.conv1", width, before) | norm(f"{block}.bn1", width)
            state |= conv(f"{block}.conv2", width, width) | norm(f"{block}.bn2", width)
            if before != width:
                state |= conv(f"{block}.shortcut.0", width, before, kernel=1) | norm(f"{block}.shortcut.1", width)
            before = width
    return state | {"voting.weight": torch.randn(CLASSES, before) / 4, "voting.bias": torch.zeros(CLASSES)}


def main(path: Path | None) -> None:
    torch.manual_seed(1)
    if path is None:
        path = Path("official.pth")
        torch.save({"model": state_dict(), "epoch": 0}, path)
    model = snnhw.load_model(path, input_shape=(2, SIDE, SIDE))
    graph = model.graph
    print(f"{path}: {len(graph.units())} units, T = {graph.timesteps}, input {graph.input.shape}")
    frames = np.random.default_rng(0).poisson(0.3, (4, graph.timesteps, *graph.input.shape)).astype(np.float32)
    report, page = snnhw.make_report(model, snnhw.inputs_of("noise", frames, None), Path("official_report"))
    print(f"{report.model.parameters:,} parameters, {report.model.neurons:,} neurons of {report.model.levels} levels")
    print(page)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
