"""A graph as SANA-FE's network object: every synapse listed, neurons mapped on the cores of its Loihi.

Biases act in every step, also before the first spike arrives; with `windows`, a gate neuron per population holds them
back until then, so that the spikes are those of the network.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from snnhw.analysis.hardware.mesh import Mesh, place, synapse_kind
from snnhw.analysis.hardware.stepwise import FLOAT_SCALE, compartment, populations, synapses_into
from snnhw.exporters.synapses import Listed, synapses_of
from snnhw.graph.ir import SYNAPSES, Array, Graph, Neuron, Readout
from snnhw.graph.names import free_name
from snnhw.rules.ways import SANAFE, check_compiled

Simulator = Any  # an object of sanafe, which has no types
NEVER = 1e30  # threshold of the read-out


@cache
def loihi() -> Simulator:
    """SANA-FE's Loihi; it takes seconds to make, and networks only name its cores."""
    import sanafe

    return sanafe.load_loihi()


def build(
    graph: Graph, sample: Array, mesh: Mesh, windows: Mapping[str, int] | None = None
) -> tuple[Simulator, tuple[str, ...], tuple[str, ...]]:
    """The SANA-FE network object, the names of all groups that send, and the populations that got a gate.

    Args:
        graph: decomposed into channels, pools folded, branches in balance.
        sample: an image [*shape], which becomes a bias, or binary events [T, *shape].
        mesh: the cores.
        windows: first step in which each population counts; its bias is held back until then.

    Raises:
        InputError: the graph has nodes that SANA-FE lacks, or does not fit the chip.
    """
    import sanafe

    check_compiled(graph, SANAFE)
    cores, slots = place(graph, mesh), list(loihi().cores())
    analog = graph.input.levels is None
    scale = 1.0 if graph.is_integer else FLOAT_SCALE
    network, groups = sanafe.Network(), {}
    gates: list[tuple[str, Simulator, Array]] = []  # population, its gate neuron, the bias that it sends
    if not analog:
        group = groups[graph.input.name] = network.create_neuron_group(graph.input.name, graph.input.size)
        events = np.asarray(sample).reshape(len(sample), -1).astype(bool)
        for i in range(graph.input.size):
            unit = f"loihi_inputs[{i % mesh.neurons_per_core}]"
            group[i].set_attributes(
                soma_hw_name=unit, log_spikes=True, model_attributes={"spikes": events[:, i].tolist()}
            )
    for name in populations(graph):
        parameters = compartment(graph, name, sample if analog else None)
        group = groups[name] = network.create_neuron_group(
            name,
            graph.nodes[name].size,
            model_attributes={"leak_decay": parameters.decay, "reset": 0.0, "reset_mode": "hard"},
            default_synapse_hw_name=f"loihi_{synapse_kind(graph, name)}_synapse",
            default_dendrite_hw_name="loihi_dendrites",
            soma_hw_name="loihi_lif",
            log_spikes=True,
            log_potential=isinstance(graph.nodes[name], Readout),
        )
        first = 0 if windows is None else windows[name]
        if first and parameters.bias.any():
            gate = network.create_neuron_group(free_name(f"{name}_gate", graph.nodes), 1)
            when = [first - 1 <= step < first - 1 + graph.timesteps for step in range(first + graph.timesteps)]
            gate[0].set_attributes(soma_hw_name="loihi_inputs[0]", model_attributes={"spikes": when})
            gates.append((name, gate, parameters.bias))
            parameters = dataclasses.replace(parameters, bias=np.zeros_like(parameters.bias))
        threshold = np.minimum(np.broadcast_to(parameters.threshold, parameters.bias.shape) * scale, NEVER).ravel()
        for i, bias in enumerate((parameters.bias * scale).ravel().tolist()):
            group[i].set_attributes(model_attributes={"threshold": float(threshold[i]), "bias": bias})
    for name in populations(graph):
        for source, (start, end, weight) in _incoming(graph, name):
            pairs = list(zip(start.tolist(), end.tolist(), strict=True))
            groups[source].connect_neurons_sparse(groups[name], {"weight": (weight * scale).tolist()}, pairs)
    for name, gate, bias in gates:
        held = [(0, int(i)) for i in np.flatnonzero(bias)]
        gate.connect_neurons_sparse(groups[name], {"weight": (bias[bias != 0] * scale).tolist()}, held)
        gate[0].map_to_core(slots[int(cores[name].flat[0])])
    for name, group in groups.items():
        for i, core in enumerate(cores[name].ravel().tolist()):
            group[i].map_to_core(slots[core])
    return network, tuple(groups), tuple(name for name, _, _ in gates)


def _incoming(graph: Graph, name: str) -> list[tuple[str, Listed]]:
    """(sender, its synapses into population `name`)."""
    found: list[tuple[str, Listed]] = []
    for synapse in synapses_into(graph, name):
        for edge in graph.into(name if synapse is None else synapse.name):
            sender = graph.nodes[edge.source]
            if not isinstance(sender, Neuron) and not (sender.name == graph.input.name and graph.input.levels == 1):
                continue
            if isinstance(synapse, SYNAPSES):
                start, end, weight = synapses_of(synapse, sender.shape)
            else:
                start = end = np.arange(sender.size)
                weight = np.ones(sender.size)
            found.append((sender.name, (start, end, weight * edge.gain)))
    return found
