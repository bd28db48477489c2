"""The exported file is the network that SANA-FE runs; what was added to it is told."""

import numpy as np
import pytest
import sanafe

from snnhw.analysis.hardware.mesh import Mesh, place
from snnhw.errors import InputError
from snnhw.exporters.sanafe import Options, export, run, unavailable
from snnhw.graph.ir import MLF, Graph, Input, Readout
from snnhw.passes.decompose import decompose
from tests.exporters.sanafe.nets import biased, dense_net, residual_net, sample_of


@pytest.mark.slow
def test_exported_file_is_the_network_that_ran(tmp_path):
    graph = dense_net(size=10)
    sample = sample_of(graph)
    artifact = export(graph, tmp_path / "net.yaml", Options(inputs=sample[None]))
    assert artifact.size_bytes == artifact.path.stat().st_size > 0
    architecture = sanafe.load_loihi()
    chip = sanafe.SpikingChip(architecture)
    chip.load(sanafe.load_net(str(artifact.path), architecture))
    found = chip.sim(12, timing_model="simple", processing_threads=1)
    expected = run(graph, sample, 12)
    assert (found["spikes"], found["packets_sent"]) == (expected.events, expected.packets)
    assert found["energy"]["soma"] == pytest.approx(expected.soma, rel=1e-6)
    assert unavailable() is None


def test_neurons_that_were_added_are_told(tmp_path):
    graph = biased(residual_net())
    artifact = export(graph, tmp_path / "net.yaml", Options(inputs=sample_of(graph)[None]))
    told = {kind: {f.node for f in artifact.findings if f.code == kind} for kind in ("relay", "gate")}
    assert told["relay"] == {"a_l1_late1", "a_l2_late1", "a_l3_late1"}
    held = {name for name in artifact.path.read_text().split() if name.endswith("_gate")}
    assert {f"{name}_gate" for name in told["gate"]} == held and "a_l1" in told["gate"]


def test_what_does_not_fit_is_refused(tmp_path):
    graph = dense_net()
    with pytest.raises(InputError, match="--input"):
        export(graph, tmp_path / "net.yaml")
    with pytest.raises(InputError, match="needs 4 cores, the chip has 2"):
        place(graph, Mesh(height=1, width=1, cores_per_tile=2))
    nodes = [
        Input(name="x", shape=(3,), levels=2),
        MLF(name="u", shape=(3,), thresholds=(0.5,), decay=0.25),
        Readout(name="end", shape=(3,)),
    ]
    whole = Graph.build(nodes, [("x", "u"), ("u", "end")], 2)
    with pytest.raises(InputError, match="'u' does not fit sanafe: a MLF has no counterpart"):
        run(whole, np.zeros((2, 3)), 2)
    with pytest.raises(InputError, match=r"takes binary events, and it sends 0\.\.2"):
        run(decompose(whole), np.zeros((2, 3)), 2)
