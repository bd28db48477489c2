"""The membrane of a neuron as a value: a leaky integrator beside the neuron, emptied by its spikes.

A neuron that resets by subtraction has the membrane v = decay v + gain x + leak - decay (theta - v_reset) s, with x of
this step and s of the step before, which is linear in what the integrator takes. That is v before the reset, what
snnTorch gives as `mem`. A reset to a value multiplies the membrane by 1 - s, which no integrator does.
"""

from __future__ import annotations

import numpy as np

from snnhw.graph.firing import scalar
from snnhw.graph.ir import LI, LIF, Delay, Edge, Node, Scale
from snnhw.tracing.frameworks.cell import Cell


def membrane_of(cell: Cell) -> Cell | None:
    """The nodes that send the membrane of the neuron that `cell` ends in, None where it resets to a value.

    The entry is "" where nothing from outside `cell` arrives at that neuron.
    """
    neuron = cell.sender
    if not isinstance(neuron, LIF) or neuron.reset == "hard":
        return None
    name, shape = f"{neuron.name}_mem", neuron.shape
    integrator = LI(name=name, shape=shape, decay=neuron.decay, gain=neuron.gain, leak=neuron.leak, start=neuron.start)
    edges = [Edge(e.source, name, e.gain) for e in cell.edges if e.target == neuron.name]
    taken_off = np.asarray(neuron.decay) * (np.asarray(neuron.threshold) - neuron.v_reset) / neuron.gain
    nodes: tuple[Node, ...] = (integrator,)
    if np.any(taken_off):
        late = Delay(name=f"{neuron.name}_fired", shape=shape, steps=1)
        reset = Scale(name=f"{neuron.name}_reset", shape=shape, scale=scalar(-taken_off))
        nodes = (late, reset, integrator)
        edges += [Edge(neuron.name, late.name), Edge(late.name, reset.name), Edge(reset.name, name)]
    return Cell(nodes, tuple(edges), name if cell.entry == neuron.name else "", name)
