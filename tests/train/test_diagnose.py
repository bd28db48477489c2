import math

import pytest
import torch

from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train.data import load
from snnhw.train.diagnose import depth_study, diagnose, plot_diagnosis


def network(**arguments):
    torch.manual_seed(0)
    return build("digits_ds_resnet8", widths=(4, 6, 8), **arguments)


def test_dormant_potentials_get_no_gradient():
    """With one step there is no recurrence: a potential is dormant exactly where its own gradient is zero."""
    net = network(timesteps=1)
    gradients = {}

    def watch(name, x):
        x.register_hook(lambda g: gradients.__setitem__(name, g))

    units = {name: module for name, module in net.named_modules() if hasattr(module, "surrogate_width")}
    hooks = [unit.register_forward_pre_hook(lambda _, x, name=name: watch(name, x[0])) for name, unit in units.items()]
    found = diagnose(net, load("digits", "train"), samples=16)
    for hook in hooks:
        hook.remove()
    assert {u.name for u in found.units} == set(units)
    for unit in found.units:
        assert float((gradients[unit.name] == 0).float().mean()) == pytest.approx(unit.dormant, abs=1e-6)
        assert unit.always_dormant == pytest.approx(unit.dormant)
        # supports of neighbouring levels touch without overlap, so what they cover adds up
        assert sum(1 - share for share in unit.outside) == pytest.approx(1 - unit.dormant, abs=1e-5)


def test_gradient_norms_are_those_of_the_loss_and_the_network_is_left_alone():
    net = network().eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    data = load("digits", "train")
    found = diagnose(net, data, samples=8)
    assert not net.training and all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())
    net.train()
    x, target = torch.from_numpy(data.inputs[:8]), torch.from_numpy(data.targets[:8])
    torch.nn.functional.cross_entropy(net(x), target).backward()
    for layer in found.layers:
        assert net.get_submodule(layer.name).weight.grad.norm().item() == pytest.approx(layer.norm, rel=1e-5)
    assert found.layers[0].name == "stem.conv" and found.layers[-1].name == "head"


def test_picture_and_dictionary(tmp_path):
    found = diagnose(network(), load("digits", "train"), samples=8)
    assert plot_diagnosis(found, tmp_path / "diagnosis.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    about = found.to_dict()
    assert 0 < about["dormant"] < 1 and len(about["units"]) == 9 and about["samples"] == 8


def test_network_without_units_is_refused():
    with pytest.raises(InputError, match="no MLF unit"):
        diagnose(network(relu=True), load("digits", "train"))


@pytest.mark.slow
def test_more_levels_and_the_ds_block_help_at_depth_32():
    """The signs of the paper's claims at initialisation.

    K = 3 leaves fewer potentials dormant than K = 1; gradients reach the first layers of a DS-ResNet better preserved
    with K = 3 than with K = 1, and better than those of the plain network.
    """
    rows = depth_study(load("digits", "train"), depths=(32,), levels=(1, 3))
    at = {(row.kind, row.levels): row for row in rows}
    for kind in ("ds", "plain"):
        assert at[kind, 3].dormant < at[kind, 1].dormant - 0.02
    distortion = {key: abs(math.log(row.gradient_decay)) for key, row in at.items()}
    assert distortion["ds", 3] < distortion["ds", 1]
    assert distortion["ds", 3] < distortion["plain", 3]
