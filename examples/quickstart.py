"""A network of the zoo, counted and priced: spikes per level, exact operations, joules as a range. Takes seconds.

python examples/quickstart.py [OUT]
"""

from __future__ import annotations

import sys
from pathlib import Path

import snnhw


def main(out: Path) -> None:
    model = snnhw.load_model("digits")
    inputs = snnhw.load_inputs("digits:test").first(100)
    record = snnhw.simulate_graph(model.graph, inputs.values)
    counts = snnhw.count(model.graph, record)
    print(f"{model.name}: accuracy {record.accuracy(inputs.targets):.1%} on {inputs.name}, first {record.samples}")
    for layer in counts.layers:
        work = (layer.events, layer.unit_synops, layer.replicated_synops)
        print("  {:28} e {:>12,}  u {:>12,}  K*u {:>12,}".format(layer.name, *work))
    for name in ("loihi1-davies2018", "horowitz45-fp32"):
        joules = snnhw.estimate(counts, snnhw.load_profile(name)).per_inference
        low, typical, high = (1e6 * j for j in (joules.low, joules.typical, joules.high))
        print(f"{name}: {low:.3g} .. {typical:.3g} .. {high:.3g} uJ per inference")
    _, page = snnhw.make_report(model, inputs, out, snnhw.ReportOptions(record=record))
    print(page)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "quickstart"))
