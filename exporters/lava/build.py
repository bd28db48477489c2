"""The graph as Lava processes in this interpreter, for people who wire their own processes around it.

Example:
    net = build(graph)
    source.s_out.connect(list(net.inputs))
    net.outputs[0].connect(sink.a_in)
    net.any_process.run(condition=RunSteps(num_steps=T + net.depth), run_cfg=run_configuration(graph.is_integer))
"""

from __future__ import annotations

from snnhw.exporters.lava.lower import lower
from snnhw.exporters.lava.runtime.assemble import Assembled, Records, assemble, run_configuration
from snnhw.graph.ir import Graph

__all__ = ["Assembled", "build", "run_configuration"]


def build(graph: Graph, *, samples: int = 1, binary: bool = False) -> Assembled:
    """Lava processes of `graph`, whose two ends are open ports.

    Needs lava-nc in this interpreter. Sample n enters in the Lava steps n*T + 1 .. (n+1)*T, and its readout leaves
    `depth` steps later; the Var `count` [samples] of every population holds its spikes. Values are in Lava's order
    (W, H, C), and integer networks take integers (the input times `Input.scale`, rounded).

    Args:
        graph: folded, decomposed, delays balanced.
        samples: how many samples are counted.
        binary: one synapse with one-bit messages per source population.

    Raises:
        InputError: a node has no counterpart in Lava, or delays are not balanced.
    """
    return assemble(lower(graph, binary=binary), records=Records(samples))
