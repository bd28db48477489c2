import re
from pathlib import Path

import numpy as np
import pytest
import torch

from snnhw.errors import InputError
from snnhw.nir.reading import Reading
from snnhw.nn.neurons import MLF
from snnhw.nn.official import from_official, is_official, read_checkpoint, resnet_name
from snnhw.nn.vgg import VGG16
from snnhw.workflows.load import load_model

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = ["official_dsresnet20_gesture.npz", "official_dsresnet8_dvscifar10.npz"]
NEAR = 1e-5  # spikes whose membrane is nearer than this to a threshold may differ by rounding; each is listed


def golden(name):
    with np.load(GOLDEN / name, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


def part(arrays, prefix):
    return {k[len(prefix) :]: torch.from_numpy(np.asarray(v)) for k, v in arrays.items() if k.startswith(prefix)}


def network_of(arrays):
    return from_official(
        part(arrays, "state/"),
        timesteps=int(arrays["timesteps"]),
        thresholds=arrays["thresholds"].tolist(),
        decay=float(arrays["decay"]),
        surrogate_width=float(arrays["surrogate_width"]),
    )


def unit_name(key):
    """Our MLF module for a spike key such as layer1.execute.0.spike_func/1."""
    module, call = key.split("/")
    match = re.match(r"layer(\d+)\.execute\.(\d+)\.(.*)", module)
    if match is None:
        return "stem.mlf"
    block = f"stages.stage{match[1]}_block{int(match[2]) + 1}"
    return f"{block}.shortcut.mlf" if match[3].startswith("shortcut") else f"{block}.mlf{int(call) + 1}"


def near_ties(x, unit):
    """Places in which a membrane of the float64 recurrence lies within NEAR of its threshold, [T*B, ...]."""
    steps = x.double().unflatten(0, (unit.timesteps, -1))
    near = torch.zeros_like(steps, dtype=torch.bool)
    for theta in unit.thresholds:
        u = torch.zeros_like(steps[0])
        for t in range(unit.timesteps):
            u = unit.decay * torch.where(u > theta, 0.0, u) + steps[t]
            near[t:] |= (u - theta).abs() < NEAR  # a tie changes what follows in the same neuron
    return near.flatten(0, 1)


@pytest.mark.parametrize("name", FILES)
def test_spikes_and_logits_equal_the_authors_code(name):
    arrays = golden(name)
    network = network_of(arrays).eval()
    seen = {}
    for path, module in network.named_modules():
        if isinstance(module, MLF):
            module.register_forward_hook(lambda m, i, o, path=path: seen.__setitem__(path, (m, i[0], o)))
    with torch.no_grad():
        logits = network(torch.from_numpy(arrays["input"]))
    spikes = part(arrays, "eval_spikes/")
    assert sorted(seen) == sorted(map(unit_name, spikes))
    differing, ties = 0, 0
    for key, expected in spikes.items():
        unit, x, out = seen[unit_name(key)]
        wrong = out != expected.flatten(0, 1)
        tied = near_ties(x, unit)
        assert not bool((wrong & ~tied).any()), f"{key}: {int((wrong & ~tied).sum())} spikes differ away from ties"
        differing += int(wrong.sum())
        ties += int(tied.sum())
    assert differing == 0, f"{differing} spikes differ, all among {ties} near-ties"
    np.testing.assert_allclose(logits.numpy(), arrays["logits"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", FILES)
def test_loss_gradients_and_statistics_equal_the_authors_code(name):
    arrays = golden(name)
    network = network_of(arrays).train()
    logits = network(torch.from_numpy(arrays["input"]))
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(arrays["target"]))
    loss.backward()
    assert abs(loss.item() - float(arrays["train_loss"])) < 1e-5
    np.testing.assert_allclose(logits.detach().numpy(), arrays["train_logits"], atol=1e-4, rtol=0)
    parameters = dict(network.named_parameters())
    norms = part(arrays, "train_grad_norm/")
    assert {resnet_name(n) for n in norms} == set(parameters)
    for key, norm in norms.items():
        assert parameters[resnet_name(key)].grad.norm().item() == pytest.approx(norm.item(), rel=1e-3), key
    np.testing.assert_allclose(
        parameters["stem.conv.weight"].grad, arrays["train_grad/conv1.weight"], rtol=1e-3, atol=1e-5
    )
    buffers = dict(network.named_buffers())
    statistics = part(arrays, "train_state/")
    assert {resnet_name(n) for n in statistics} == set(buffers)
    for key, value in statistics.items():
        np.testing.assert_allclose(buffers[resnet_name(key)], value, atol=1e-5, rtol=0, err_msg=key)


def test_checkpoint_file_with_wrapper_and_prefix(tmp_path):
    state = part(golden(FILES[1]), "state/")
    torch.save({"model": {f"module.{k}": v for k, v in state.items()}, "epoch": 3}, tmp_path / "result.pth")
    read = read_checkpoint(tmp_path / "result.pth")
    assert read.keys() == state.keys() and is_official(read)
    network = from_official(read)
    assert network.timesteps == 10 and network.in_channels == 2


def test_model_takes_the_size_and_the_constants_of_the_data_set_and_says_so(tmp_path):
    """CIFAR10-DVS frames have 42 pixels a side there, and K is no tensor."""
    path = tmp_path / "result.pth"
    torch.save({"model": part(golden(FILES[1]), "state/")}, path)
    model = load_model(path)
    assert model.graph.input.shape == (2, 42, 42) and model.graph.timesteps == 10
    assert "[0.6, 1.6, 2.6], 0.25, ds and [2, 42, 42]" in model.findings[0].message
    changed = {"thresholds": [0.6, 1.6], "decay": 0.5, "downsample_sum": "plain"}
    other = load_model(path, Reading(timesteps=3), input_shape=(2, 12, 12), constants=changed)
    assert other.graph.input.shape == (2, 12, 12) and other.graph.timesteps == 3
    assert [f.code for f in model.assumed] == ["official-constants"] and other.findings == ()
    units = [m for m in other.network.modules() if isinstance(m, MLF)]
    assert {(u.levels, u.decay) for u in units} == {(2, 0.5)}
    assert other.network.stages.stage1_block1.kind == "plain"
    x = torch.poisson(torch.full((3, 1, 2, 12, 12), 0.6))
    direct = from_official(read_checkpoint(path), timesteps=3, **changed).eval()
    assert torch.equal(other.network(x), direct(x))
    with pytest.raises(InputError, match="no constant of a checkpoint 'levels'"):
        load_model(path, constants={"levels": 2})
    with pytest.raises(InputError, match=r"constants \{'thresholds': 'x'\}"):
        load_model(path, constants={"thresholds": "x"})


def test_vgg_checkpoint_maps_every_tensor():
    ours = VGG16(width=4, classes=7, hidden=(512, 256))
    places = [i for i in range(18) if i not in (2, 5, 9, 13, 17)]
    official = {}
    for place, unit in zip(places, [m for m in ours.features if not isinstance(m, torch.nn.AvgPool2d)], strict=True):
        official |= {f"feature.{place}.conv.0.{k}": v for k, v in unit.conv.state_dict().items()}
        official |= {f"feature.{place}.conv.1.bn.{k}": v for k, v in unit.norm.state_dict().items()}
    for index, layer in {"0": ours.hidden.fc1, "3": ours.hidden.fc2, "6": ours.head}.items():
        official |= {f"classifier.{index}.{k}": v for k, v in layer.state_dict().items()}
    mapped = from_official(official)
    for name, tensor in ours.state_dict().items():
        assert torch.equal(mapped.state_dict()[name], tensor), name


def test_broken_checkpoints_are_named(tmp_path):
    state = part(golden(FILES[1]), "state/")
    with pytest.raises(InputError, match=r"lacks tensor 'head\.bias'"):
        from_official({k: v for k, v in state.items() if k != "voting.bias"})
    with pytest.raises(InputError, match="unknown tensor 'extra"):
        from_official({**state, "extra.weight": torch.zeros(1)})
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        from_official({**state, "bn1.bn.weight": torch.zeros(3)})
    with pytest.raises(InputError, match="not of the MLF authors' code"):
        from_official({"weight": torch.zeros(1)})
    with pytest.raises(InputError, match=r"lacks tensor 'layer2\.execute\.0\.conv1\.weight'"):
        from_official({k: v for k, v in state.items() if k != "layer2.execute.0.conv1.weight"})
    with pytest.raises(InputError, match=r"lacks tensor 'classifier\.6\.weight'"):
        from_official({"feature.0.conv.0.weight": torch.zeros(4, 3, 3, 3)})
    (tmp_path / "broken.pth").write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a torch checkpoint"):
        read_checkpoint(tmp_path / "broken.pth")
    with pytest.raises(InputError, match="no file"):
        read_checkpoint(tmp_path / "absent.pth")
