"""What a class of a framework is, said once."""

from snnhw.tracing.frameworks.adapter import Adapter, Framework, always, no_states, no_timesteps
from snnhw.tracing.frameworks.registry import FRAMEWORKS


def test_every_class_is_a_neuron_a_layer_or_a_container():
    for framework in FRAMEWORKS.values():
        for name, adapter in framework.adapters.items():
            said = [adapter.cell is not None, adapter.layer is not None, adapter.opened, adapter.chain is not None]
            assert said.count(True) == 1, name
            assert adapter.runs is None or adapter.opened


def test_names_of_neurons_leave_out_layers():
    cell = Adapter(always("step"), cell=lambda name, module, shape: None)  # type: ignore[arg-type,return-value]
    framework = Framework({"Neuron": cell, "Box": Adapter(always("time"), opened=True)}, stateful=())
    assert framework.neurons == ("Neuron",)
    assert (cell.axes(None), no_states(None), no_timesteps(None)) == ("step", (), None)
