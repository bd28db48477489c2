"""The public API: every name resolves whatever was imported before, and `import snnhw` alone costs nothing."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
import torch

import snnhw
from snnhw import nn as snn
from snnhw.graph.same import same_graph


def run(code: str) -> str:
    """What fresh Python prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_every_name_is_callable_and_listed():
    assert set(snnhw.__all__) == set(snnhw._HOME) <= set(dir(snnhw))
    assert all(callable(getattr(snnhw, name)) for name in snnhw.__all__)
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        _ = snnhw.simulat


def test_importing_the_package_loads_nothing_heavy():
    heavy = ("torch", "numpy", "pandas", "nir", "IPython", "snnhw.analysis", "snnhw.exporters")
    assert run(f"import sys, snnhw; print([m for m in {heavy!r} if m in sys.modules])") == "[]"


def test_lava_build_can_import_its_part_without_torch():
    code = (
        "import sys; sys.modules['torch'] = None\n"  # any import of it fails, as where it is not installed
        "import snnhw, snnhw.graph.ir, snnhw.graph.loihi, snnhw.simulation.record, snnhw.simulation.frames\n"
        "import snnhw.exporters.lava.lower\n"
        "print('torch-free')"
    )
    assert run(code) == "torch-free"


@pytest.mark.slow
@pytest.mark.parametrize(
    "before", ["pass", "import snnhw.simulation.engine, snnhw.workflows.verify", "import snnhw.workflows.demo"]
)
def test_the_functions_are_there_in_every_order_of_imports(before):
    code = (
        f"{before}\n"
        "import snnhw, snnhw.simulation.record\n"
        "from snnhw import simulate_graph, verify\n"
        "model, inputs = snnhw.load_model('digits'), snnhw.load_inputs('digits:test').first(2)\n"
        "print(simulate_graph(model.graph, inputs.values).samples, verify.__name__)"
    )
    assert run(code) == "2 verify"


def test_model_of_gives_the_folded_graph_of_a_module():
    network = torch.nn.Sequential(
        snn.Frames(2), torch.nn.Conv2d(1, 2, 3, padding=1), snn.MLF(timesteps=2), torch.nn.Flatten()
    )
    network.append(torch.nn.Linear(2 * 4 * 4, 3)).append(snn.MeanOverTime(2))
    model = snnhw.model_of(network, (1, 4, 4), name="small")
    x = np.random.default_rng(0).normal(size=(5, 1, 4, 4)).astype(np.float32)
    expected = network(torch.from_numpy(x)).detach().numpy()
    assert np.allclose(snnhw.simulate_graph(model.graph, x).logits, expected, atol=1e-5)
    assert (model.name, len(model.checksum), model.network) == ("small", 64, network)
    with torch.no_grad():
        network[1].weight[0, 0, 0, 0] += 1
    assert snnhw.model_of(network, (1, 4, 4)).checksum != model.checksum


def test_the_version_is_that_of_the_installed_package():
    assert snnhw.__version__ == version("snnhw") and "__version__" in dir(snnhw)


def test_mistaken_arguments_name_the_remedy(tmp_path):
    model, samples = snnhw.load_model("digits"), snnhw.load_inputs("digits:test").first(2)
    nothing = np.zeros((0, 1, 8, 8))
    for call, remedy in (
        (lambda: snnhw.simulate_graph(model, samples.values), r"model\.graph"),
        (lambda: snnhw.simulate_graph(model.graph, samples), r"samples\.values"),
        (lambda: snnhw.compile_loihi(model, samples.values), r"model\.graph"),
        (lambda: snnhw.compile_loihi(model.graph, samples), r"samples\.values"),
        (lambda: snnhw.compile_loihi(model.graph, nothing), "no calibration samples"),
        (lambda: snnhw.compile_channels(model), r"model\.graph"),
        (lambda: snnhw.count(model, snnhw.simulate_graph(model.graph, samples.values)), r"model\.graph"),
        (lambda: snnhw.write_nir(model, tmp_path / "a.nir"), r"model\.graph"),
        (lambda: snnhw.read_nir(tmp_path / "a.nir", 1e-4), r"Reading\(dt=0\.0001\)"),
        (lambda: snnhw.load_model("digits", 1e-4), r"Reading\(dt=0\.0001\)"),
        (lambda: snnhw.verify(model, samples.values, samples.values, tmp_path), "inputs_of"),
        (lambda: snnhw.verify(model.graph, samples, samples.values, tmp_path), r"LoadedModel\(graph\.name, graph\)"),
        (lambda: snnhw.make_report(model, samples.values, tmp_path), "inputs_of"),
        (lambda: snnhw.make_report(model.graph, samples, tmp_path), r"LoadedModel\(graph\.name, graph\)"),
    ):
        with pytest.raises(snnhw.InputError, match=remedy):
            call()
    assert not list(tmp_path.iterdir())


def test_a_list_calibrates_as_its_array_does():
    graph, values = snnhw.load_model("digits").graph, snnhw.load_inputs("digits:train").first(20).values
    made = snnhw.compile_loihi(graph, values.tolist())
    assert same_graph(made.graph, snnhw.compile_loihi(graph, values).graph)


def test_paths_may_be_strings(tmp_path):
    model, samples = snnhw.load_model("digits"), snnhw.load_inputs("digits:test").first(2)
    np.savez(tmp_path / "two.npz", input=samples.values, target=samples.targets)
    assert len(snnhw.load_inputs(tmp_path / "two.npz")) == len(snnhw.load_inputs(str(tmp_path / "two.npz"))) == 2
    found = snnhw.verify(model, samples, samples.values, str(tmp_path), snnhw.LavaShare(0))
    assert same_graph(snnhw.read_nir(str(found.nir)), model.graph)
    found.floats.save(str(tmp_path / "spikes.npz"))
    _, page = snnhw.make_report(model, samples, str(tmp_path / "report"))
    assert page == tmp_path / "report/report.html" and page.is_file() and (tmp_path / "spikes.npz").is_file()
