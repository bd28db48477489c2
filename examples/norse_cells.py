"""norse runs our networks: its cells under nirtorch's interpreter, which sums branches as norse's own loader does not.

    snnhw export digits -o digits.nir --dialect norse
    python examples/norse_cells.py digits.nir

Needs norse 1.1 and nirtorch 2.6. norse ignores R, so the dialect writes r = 1 and scales the threshold instead.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nir
import nirtorch
import torch
from norse.torch import LIFBoxCell, LIFBoxParameters

DT = 1e-4  # seconds; the step of the dialect


def load(path: Path) -> torch.nn.Module:
    """A module that takes (x [B, C, H, W], state) and gives (y [B, classes], state); call it once per time step."""
    return nirtorch.nir_to_torch(nir.read(path), {nir.LIF: _cell, nir.Affine: _matrix})


def _cell(node: nir.LIF) -> LIFBoxCell:
    tau_inv, theta, leak = (torch.from_numpy(a).float() for a in (1 / node.tau, node.v_threshold, node.v_leak))
    return LIFBoxCell(LIFBoxParameters(tau_mem_inv=tau_inv, v_th=theta, v_leak=leak), dt=DT)


def _matrix(node: nir.Affine) -> torch.nn.Linear:
    # nirtorch 2.6 loses the bias of an Affine
    layer = torch.nn.Linear(node.weight.shape[1], node.weight.shape[0])
    layer.weight.data, layer.bias.data = torch.from_numpy(node.weight), torch.from_numpy(node.bias)
    return layer


if __name__ == "__main__":
    network = load(Path(sys.argv[1]))
    shape = next(n.input_type["input"] for n in nir.read(sys.argv[1]).nodes.values() if isinstance(n, nir.Input))
    y, state = network(torch.rand(1, *shape), None)
    print(y)
