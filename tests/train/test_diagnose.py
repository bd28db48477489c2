import pytest
import torch

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.nn import MLF, Frames, MeanOverTime
from snnhw.nn.models import build
from snnhw.nn.resnet import Block
from snnhw.train.diagnose import diagnose
from snnhw.train.diagnosis_plots import plot_diagnosis


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
        assert unit.without_gradient == pytest.approx(unit.dormant, abs=1e-6)
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
    x, target = torch.from_numpy(data.values[:8]), torch.from_numpy(data.targets[:8])
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


@pytest.mark.parametrize("kind", ["ds", "plain"])
def test_gradients_at_residual_sums_are_those_of_the_loss(kind):
    """Watched by other means: a zero that is added to every residual sum gets the gradient of the sum."""
    net, data = network(downsample_sum=kind), load("digits", "train")
    found = diagnose(net, data, samples=8)
    added, net = {}, net.train()
    for name, block in net.named_modules():
        if not isinstance(block, Block):
            continue

        def with_zero(module, values, output=None, name=name):
            value = values[0] if output is None else output
            added[name] = torch.zeros_like(value, requires_grad=True)
            return value + added[name]

        if kind == "ds":
            block.register_forward_hook(with_zero)
        else:
            block.mlf2.register_forward_pre_hook(with_zero)
    x, target = torch.from_numpy(data.values[:8]), torch.from_numpy(data.targets[:8])
    torch.nn.functional.cross_entropy(net(x), target).backward()
    assert [s.name for s in found.sums] == list(added)
    for summed in found.sums:
        gradient = added[summed.name].grad
        assert summed.neurons == gradient[0].numel()
        assert summed.cut == pytest.approx(float((gradient == 0).float().mean()), abs=1e-6)
        assert summed.norm == pytest.approx(float(gradient.norm()), rel=1e-5)
    assert found.residual_gain == pytest.approx(found.sums[0].norm / found.sums[-1].norm)
    assert found.cut == (0 if kind == "ds" else pytest.approx(0.4, abs=0.3))


@pytest.mark.parametrize("kind", ["ds", "plain"])
def test_without_gradient_lies_between_always_dormant_and_dormant(kind):
    """A dormant step may still be reached through the membrane by a later one, unless all steps are dormant."""
    found = diagnose(network(downsample_sum=kind), load("digits", "train"), samples=16)
    for unit in found.units:
        assert unit.always_dormant <= unit.without_gradient + 1e-6 and unit.without_gradient <= unit.dormant + 1e-6
    second = {u.name.removesuffix(".mlf2"): u.without_gradient for u in found.units if u.name.endswith("mlf2")}
    if kind == "plain":  # the second unit stands behind the sum
        assert second == {s.name: pytest.approx(s.cut) for s in found.sums}


def test_networks_without_residual_blocks_have_no_sums(tmp_path):
    layers = (Frames(2), torch.nn.Conv2d(1, 3, 3), MLF(timesteps=2), torch.nn.Flatten(), torch.nn.Linear(108, 10))
    net = torch.nn.Sequential(*layers, MeanOverTime(2))
    found = diagnose(net, load("digits", "train"), samples=8)
    assert (found.sums, found.cut, found.residual_gain) == ((), None, None)
    assert plot_diagnosis(found, tmp_path / "diagnosis.svg").read_text().lstrip().startswith("<?xml")
