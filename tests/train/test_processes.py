import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch

from snnhw.nn.norm import TDBatchNorm
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.train.run import load_run

ABOUT = {
    "name": "pair",
    "model": "digits_ds_resnet8",
    "data": "digits",
    "arguments": {"widths": [4, 4, 6], "timesteps": 2},
    "epochs": 2,
    "batch": 32,
    "lr": 0.05,
    "accumulate": 2,
    "augment": {"shift": 1, "rotate": 5},
    "validation": 0.7,
    "norm_batches": 3,
    "precision": "64-true",
    "threads": 1,
}
TRAIN = """
import json, os, sys
from snnhw.train import epoch as module
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.workflows.processes import left_together
recipe, out = recipe_from(json.loads(sys.argv[1])), sys.argv[2] + os.environ["RANK"]  # no folder in common
steps, step = [], module.train_step
def stopped(*arguments):
    steps.append(1)
    if len(steps) == 9:  # in the second epoch
        raise KeyboardInterrupt
    return step(*arguments)
module.train_step = stopped
with left_together():
    try:
        fit(recipe, out)
    except KeyboardInterrupt:
        run = fit(recipe, out, resume=True)
        assert run.card.weights_checksum
"""
NORM = """
import sys
import torch, torch.distributed as dist
from snnhw.nn.norm import TDBatchNorm
dist.init_process_group("gloo")
rank = dist.get_rank()
x, weight = torch.load(sys.argv[1])
x, weight = x[rank::2].clone().requires_grad_(), weight[rank::2]
layer = TDBatchNorm(3).double()
y = layer(x)
(y * weight).sum().backward()
for p in layer.parameters():
    dist.all_reduce(p.grad)
torch.save((y.detach(), x.grad, layer.weight.grad, layer.bias.grad, layer.state_dict()), f"{sys.argv[2]}/{rank}.pt")
dist.barrier()  # no process ends while another still talks to it
dist.destroy_process_group()
"""


def run_pair(tmp_path, program, *arguments):
    script = tmp_path / "program.py"
    script.write_text(program)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={port}", str(script)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*launch, *arguments], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-9000:]


@pytest.mark.slow
def test_norm_of_two_processes_is_that_of_their_union(tmp_path):
    x = torch.randn(10, 3, 4, 4, dtype=torch.float64) * 3 + 1
    weight = torch.randn_like(x)
    torch.save((x, weight), tmp_path / "in.pt")
    run_pair(tmp_path, NORM, str(tmp_path / "in.pt"), str(tmp_path))
    leaf = x.clone().requires_grad_()
    layer = TDBatchNorm(3).double()
    y = layer(leaf)
    (y * weight).sum().backward()
    for rank in (0, 1):
        part, grad, gamma, beta, state = torch.load(tmp_path / f"{rank}.pt")
        torch.testing.assert_close(part, y.detach()[rank::2])
        torch.testing.assert_close(grad, leaf.grad[rank::2])
        torch.testing.assert_close(gamma, layer.weight.grad)
        torch.testing.assert_close(beta, layer.bias.grad)
        torch.testing.assert_close(state["running_mean"], layer.running_mean)
        torch.testing.assert_close(state["running_var"], layer.running_var)


@pytest.mark.slow
def test_two_processes_train_like_one_with_twice_the_batch(tmp_path):
    """Stopped in the second epoch and resumed, on machines without a common folder; samples are left over."""
    run_pair(tmp_path, TRAIN, json.dumps(ABOUT), str(tmp_path / "pair"))
    one = fit(recipe_from({**ABOUT, "batch": 64}), tmp_path / "one")
    assert not (tmp_path / "pair1").exists()
    pair, _ = load_run(tmp_path / "pair0")
    single, card = load_run(tmp_path / "one")
    rows = np.genfromtxt(tmp_path / "pair0/metrics.csv", delimiter=",", names=True)
    for key in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
        np.testing.assert_allclose(rows[key], [row[key] for row in one.metrics], rtol=1e-6, err_msg=key)
    for (name, a), b in zip(pair.state_dict().items(), single.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6, msg=lambda text, name=name: f"{name}: {text}")
    assert card.parameters > 0
