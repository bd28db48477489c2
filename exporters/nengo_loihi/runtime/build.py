"""From a `Circuit` to the blocks, synapses and axons of nengo-loihi, as its own builder would leave them: integers.

Its builder makes them from floats and rounds; here the integers are given, so nothing is rounded. Its limits of a core
are those of a chip and are not asked for: its emulator takes blocks of any size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from nengo_loihi.block import Axon, LoihiBlock, Synapse
from nengo_loihi.builder import Model
from nengo_loihi.inputs import SpikeInput

from .circuit import Array, Block, Circuit, Synapses

MEMBRANE_LIMIT = 2**23 - 1
EXACT = 2**24  # up to which float32, in which nengo-loihi takes weights, holds every integer


class Built:
    """The model for the emulator, and its parts by name."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.model = Model()
        self.blocks = {block.name: self._block(block) for block in circuit.blocks}
        self.streams = {stream.name: SpikeInput(stream.size, label=stream.name) for stream in circuit.streams}
        rows: dict[str, tuple[list[Array], list[Array]]] = {}
        self.synapses = {each.name: self._synapse(each, rows) for each in circuit.synapses}
        for axons in circuit.axons:
            target = self.synapses[axons.synapses]
            made = Axon(target.n_axons, label=axons.sender)
            made.target = target
            if axons.to:
                made.set_compartment_axon_map(circuit.arrays[axons.to])
            sender = self.blocks.get(axons.sender)
            (self.streams[axons.sender] if sender is None else sender).add_axon(made)
        for block in self.blocks.values():
            self.model.add_block(block)
        for stream in self.streams.values():
            self.model.add_input(stream)

    def number(self, block: Block, name: str) -> Array:
        """A parameter of a block, int32 [size]."""
        value = block.values.get(name, 0)
        given = self.circuit.arrays[value] if isinstance(value, str) else value
        return np.ascontiguousarray(np.broadcast_to(np.asarray(given, np.int32).ravel(), block.size))

    def _block(self, block: Block) -> Any:
        made = LoihiBlock(block.size, label=block.name)
        state = made.compartment
        state.decay_u, state.decay_v = self.number(block, "du"), self.number(block, "dv")
        state.vth, state.bias = self.number(block, "vth"), self.number(block, "bias")
        state.scale_u = state.scale_v = False
        state.refract_delay = np.ones(block.size, np.int32)  # the step of the spike itself
        state.vmin, state.vmax = -MEMBRANE_LIMIT, MEMBRANE_LIMIT
        return made

    def _synapse(self, each: Synapses, rows: dict[str, tuple[list[Array], list[Array]]]) -> Any:
        made = Synapse(each.axons, label=each.name)
        start, to, weight = (self.circuit.arrays[f"{each.weights}/{part}"] for part in ("start", "to", "weight"))
        if np.abs(weight).max(initial=0) > EXACT:
            raise ValueError(f"weights of {each.name} are beyond {EXACT}")
        target = self.blocks[each.block]
        if each.weights not in rows:
            table = (weight.astype(np.float32), to.astype(np.int32), start.astype(np.int32))
            made.set_weights(scipy.sparse.csr_matrix(table, shape=(each.axons, target.n_neurons)))
            rows[each.weights] = made.weights, made.indices
        floats, indices = rows[each.weights]
        made.format(compression=3, idx_bits=0, fanout_type=1, n_synapses=63, weight_bits=7, weight_exp=each.exponent)
        scale = each.sign * made.synapse_cfg.scale
        made.weights, made.indices = [row.astype(np.int32) * scale for row in floats], indices
        target.add_synapse(made)
        return made
