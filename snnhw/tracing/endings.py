"""The end of a walk over networks of other frameworks: what the forward returns, and how the network is called.

Spikes come before membranes that are returned beside them; the records of a loop may be lists (`results.py`).
"""

from __future__ import annotations

import torch.fx

from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Graph
from snnhw.tracing import results
from snnhw.tracing.calling import Calling, Result
from snnhw.tracing.outputs import returned
from snnhw.tracing.stepwise import SteppedWalk
from snnhw.tracing.streams import Stream
from snnhw.tracing.unrolled import outside_the_loop


class WholeWalk(SteppedWalk):
    """A walk that knows steps up to the last call."""

    gives: tuple[Result, ...] = ()  # what the forward returns

    def _end(self, fx_node: torch.fx.Node) -> None:
        if self._refused():
            return  # what is returned depends on it
        network = type(self.network).__name__
        found = results.parts(fx_node.args[0], self.states, self.unrolled.whole)
        if found is None:
            found = [results.Returned(None, n) for n in returned(network, fx_node.args[0]).values()], []
        values, left = found
        if left and not values:
            raise results.returns_no_value(network)
        streams = {value: self._result(network, value) for value in values}
        spoken = [v for v in values if not self.membranes.only(streams[v])]
        left += [value.node for value in values if spoken and value not in spoken]
        self.findings += results.states_left_out(network, left)
        if self.unrolled.steps > 1:
            self.timesteps.add(self.unrolled.steps)
            self.findings += outside_the_loop(fx_node.graph, self._layers(), self.unrolled)
        kept = spoken or values
        leaving = {value: None if (s := streams[value]).end is not None else s.axes for value in kept}
        if len(kept) > 1 and self.unrolled.looping:
            streams |= {v: self._ended(streams[v], "mean") for v in kept if leaving[v] is not None}
        names = self._finish({"" if len(kept) == 1 else v.key: streams[v] for v in kept})
        self.gives = tuple(Result(n, v.at, v.listed, leaving[v]) for n, v in zip(names, kept, strict=False))

    def _result(self, network: str, value: results.Returned) -> Stream:
        """The value over time that stands in what the forward of `network` returns."""
        self._complete(value.node)
        if value.node not in self.streams:
            raise InputError(f"{network} returns {value.key or 'a size'}, which is no value; leave it out.")
        stream = self.streams[value.node]
        if value.listed:
            return self._lasting(stream.all_steps(self.unrolled.steps)) or stream
        if self.unrolled.is_last(network, value.node):
            return self._ended(stream, "last", self.unrolled.seen)
        return stream

    def graph(self, name: str) -> Graph:
        """The finished graph, without membranes that nothing reads.

        Raises:
            InputError: as of `Walk`, or the number of steps that was given is not that of the forward.
        """
        other = self.timesteps - {self.told}
        if self.told is not None and other and not self._refused():
            runs = min(other)
            raise InputError(
                f"{type(self.network).__name__} runs {runs} time steps where timesteps={self.told} was given; give "
                f"timesteps={runs}, or let it run {self.told}."
            )
        self.findings += self.membranes.prune(self.nodes, self.edges)
        return super().graph(name)

    def _layers(self) -> dict[str, str]:
        """Layers with weights that take single steps: path of the module -> node."""
        steps = {str(n.target) for n, s in self.streams.items() if s.axes == "step" and s.end is None}
        weighted = {node.name for node in self.nodes.values() if isinstance(node, SYNAPSES)}
        return {path: name for name, path in self.paths.items() if name in weighted and path in steps}

    def calling(self, timesteps: int) -> Calling | None:
        """How the network is called; None where no module of it comes from a framework."""
        if not self.gives or not self.unrolled.looping:
            return None
        passes = any(not a.keeps_state for m in self.network.modules() if (a := self._adapter(m)) is not None)
        whole = self.entering == "step" and any(result.leaving != "step" for result in self.gives)
        return Calling(None if whole else self.entering, self.gives, timesteps, passes)  # one call has all steps
