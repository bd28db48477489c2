"""What nengo-loihi is given: the integers of the circuit, in its own units, and its own objects."""

import pytest

from snnhw.exporters.nengo_loihi.lower import lower
from tests.exporters.nengo_loihi.runtime.inside import said
from tests.exporters.nengo_loihi.test_run import heavy

PROGRAM = """
from pathlib import Path
from runtime.build import Built
from runtime.circuit import load_circuit

built = Built(load_circuit(Path(sys.argv[1])))
state = built.blocks["unit"].compartment
synapses = [s for s in built.blocks["unit"].synapses]
print(json.dumps({
    "vth": state.vth.tolist(), "du": state.decay_u.tolist(), "dv": state.decay_v.tolist(),
    "dtype": str(state.vth.dtype),
    "weights": [sorted(set(int(w) for row in s.weights for w in row.ravel())) for s in synapses],
    "scales": [s.synapse_cfg.scale for s in synapses],
    "blocks": len(built.model.blocks), "inputs": len(built.model.inputs),
    "shared": synapses[0].indices is synapses[1].indices,
}))
"""


@pytest.mark.nengo
def test_integers_arrive_as_they_are(tmp_path):
    with open(tmp_path / "c.npz", "wb") as file:
        lower(heavy()[0]).save(file)
    found = said(PROGRAM, tmp_path / "c.npz")
    assert found["vth"] == [30_000 * 64] * 3 and found["du"] == [4095] * 3 and found["dv"] == [1024] * 3
    assert found["dtype"] == "int32" and found["scales"] == [64 * 2**bit for bit in range(8)]
    assert found["weights"] == [[254 * 64 * 2**bit * (-1 if bit == 7 else 1)] for bit in range(8)]
    assert (found["blocks"], found["inputs"], found["shared"]) == (4, 8, True)
