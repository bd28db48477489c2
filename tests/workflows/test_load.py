"""What a name becomes: zoo, run folder, NIR file; what is said about NIR files is for these alone."""

import hashlib

import numpy as np
import pytest
import torch

from snnhw.errors import InputError
from snnhw.graph.same import same_graph
from snnhw.nir.io import write_nir
from snnhw.nir.reading import Reading
from snnhw.nn.models import build
from snnhw.workflows.load import load_model, load_models, model_of
from snnhw.zoo import zoo_path
from tests.analysis.nets import small_net
from tests.workflows.runs import run_of


def test_a_zoo_name_is_its_run_folder(digits):
    folder = load_model(zoo_path("digits"))
    assert same_graph(folder.graph, digits.graph) and folder.checksum == digits.checksum
    assert digits.network is not None and digits.traced is not None and digits.card["data"] == "digits"


def test_a_file_is_its_graph_and_the_hash_of_its_bytes(tmp_path):
    path = write_nir(small_net(), tmp_path / "a.nir")
    model = load_model(path)
    assert same_graph(model.graph, small_net())
    assert (model.network, model.traced, dict(model.card)) == (None, None, {})
    assert model.checksum == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_number_of_steps_changes_every_kind_of_model_but_no_weight(digits, tmp_path):
    path = write_nir(small_net(), tmp_path / "a.nir")
    for source, plain in (("digits", digits), (path, load_model(path))):
        longer = load_model(source, Reading(timesteps=7))
        assert longer.graph.timesteps == 7 != plain.graph.timesteps
        for name, node in plain.graph.nodes.items():
            if hasattr(node, "weight"):
                assert np.array_equal(longer.graph.nodes[name].weight, node.weight)


@pytest.mark.parametrize("said", [{"dt": 1e-3}, {"written_by": "norse"}, {"reset": "hard"}])
def test_what_is_for_files_alone_is_refused_elsewhere(said):
    (name,) = said
    with pytest.raises(InputError, match=f"digits is no NIR file, so {name.replace('_', '-')} would change nothing"):
        load_model("digits", Reading(**said))


def test_relu_networks_and_constants_of_other_models_are_refused(tmp_path):
    with pytest.raises(InputError, match="is a ReLU network"):
        load_model(run_of(tmp_path / "relu"))
    with pytest.raises(InputError, match="leave --constant out"):
        load_model("digits", constants={"decay": 0.5})
    for source in ("digits", write_nir(small_net(), tmp_path / "a.nir")):
        with pytest.raises(InputError, match="says its own input; leave input_shape out"):
            load_model(source, input_shape=(1, 99, 99))


def test_of_several_models_the_files_alone_are_read_as_said(digits, tmp_path):
    path = str(write_nir(small_net(), tmp_path / "own.nir"))
    found = load_models(["digits", path], Reading(dt=1e-4, timesteps=3))
    assert list(found) == ["digits", "own"] and {m.graph.timesteps for m in found.values()} == {3}
    assert same_graph(found["digits"].graph.replace(timesteps=digits.graph.timesteps), digits.graph)
    with pytest.raises(InputError, match="digits is no NIR file, so dt"):
        load_models(["digits"], Reading(dt=1e-4))


def test_two_files_of_one_name_keep_two_labels(tmp_path):
    paths = [str(write_nir(small_net(), tmp_path / folder / "net.nir")) for folder in ("a", "b")]
    first, second = load_models(paths)
    assert first == "net" and second.endswith("_b_net.nir")
    with pytest.raises(InputError, match="Model digits is named twice"):
        load_models(["digits", "digits"])


@pytest.mark.parametrize(
    ("tensor", "value", "says"),
    [
        ("stem.conv.weight", torch.nan, "'stem_conv' does not fit any use: weight holds NaN or infinity"),
        ("head.bias", torch.inf, "bias holds NaN or infinity"),
        ("stem.norm.running_var", -1.0, "'stem_norm' does not fit any use: var holds a negative variance"),
        ("stem.norm.running_mean", torch.nan, "mean holds NaN or infinity"),
    ],
)
def test_a_module_of_ones_own_with_such_values_is_refused_by_the_place(tensor, value, says):
    network = build("digits_ds_resnet8", widths=(2, 3, 4), timesteps=1)
    model_of(network, (1, 8, 8))
    network.state_dict()[tensor].view(-1)[0] = value
    with pytest.raises(InputError, match=says):
        model_of(network, (1, 8, 8))
