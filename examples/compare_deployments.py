"""One network, four ways to run its K levels: equal spikes, unequal work. Then integers against floats.

python examples/compare_deployments.py
"""

from __future__ import annotations

import snnhw
from snnhw.analysis.counting.deployments import deployments


def main() -> None:
    model = snnhw.load_model("digits")
    inputs = snnhw.load_inputs("digits:test").first(100)
    calibration = snnhw.load_inputs("digits:train").first(256)
    channels = snnhw.compile_channels(model.graph)
    whole, split = (snnhw.simulate_graph(graph, inputs.values) for graph in (model.graph, channels))
    same = all((whole.units[name].levels == unit.levels).all() for name, unit in split.units.items())
    print(f"spikes per level of the multi-level graph and of its channels are equal: {same}")

    counts = snnhw.count(model.graph, whole)
    profile = snnhw.load_profile("loihi1-davies2018")
    heads = ("synops", "updates", "messages", "payload", "synapse kB", "uJ typical")
    print(f"{'deployment':10} " + " ".join(f"{head:>12}" for head in heads))
    for name, work in deployments(model.graph, counts).items():
        joules = snnhw.estimate(counts, profile, deployment=name).per_inference.typical
        print(
            f"{name:10} {work.synops:12,} {work.updates:12,} {work.messages:12,} {work.payload_bits:12} "
            f"{work.synapse_bits / 8e3:12,.0f} {joules * 1e6:12.3g}"
        )

    integers = snnhw.compile_loihi(model.graph, calibration.values)
    quantised = snnhw.simulate_graph(integers.graph, inputs.values)
    print(f"accuracy: floats {whole.accuracy(inputs.targets):.1%}, integers {quantised.accuracy(inputs.targets):.1%}")


if __name__ == "__main__":
    main()
