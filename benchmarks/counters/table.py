"""What other libraries count on one small network, beside exact counts; also the layer of multi-level spikes.

    python benchmarks/counters/table.py            compare with what is recorded; exit code 1 if anything differs
    python benchmarks/counters/table.py --record   record anew, after a library got a new version
The libraries run in environments of their own, made on the first run. The documents print `recorded.json`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from counters.environments import PEERS, interpreter, version
from counters.exact import exact
from counters.network import CASES, DECAY, RESIDUAL, STRIDES, network

from snnhw.graph.ir import MLF, Conv2d, Graph, Linear

HERE = Path(__file__).parent
RECORDED = HERE / "recorded.json"


def theirs(peer: str, graph: Graph, sample: Any, residual: bool) -> dict[str, float]:
    """Counts of one library behind the first layer, and on the first layer alone."""
    settings = {
        "thresholds": graph.of_type(MLF)[0].thresholds,
        "decay": DECAY,
        "strides": STRIDES,
        "residual": RESIDUAL if residual else None,
        "stem_apart": True,
    }
    arrays = {}
    for node in (*graph.of_type(Conv2d), *graph.of_type(Linear)):
        arrays[node.name] = node.weight
        if node.bias is not None:
            arrays[f"{node.name}_bias"] = node.bias
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.npz"
        np.savez(path, events=sample, settings=json.dumps(settings), **arrays)
        command = [str(interpreter(peer)), str(HERE / "worker.py"), peer, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{version(peer)} failed: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return {key: round(value, 1) for key, value in found.items()}


def measured() -> dict[str, Any]:
    """The table as it is now."""
    rows = {}
    for name, (levels, residual, events) in CASES.items():
        graph, sample = network(levels, residual, events)
        counters = {version(peer): theirs(peer, graph, sample, residual) for peer in PEERS}
        rows[name] = {"exact": exact(levels, residual, events), "counters": counters}
    return {"rows": rows}


def text(table: dict[str, Any]) -> str:
    """The table for a terminal."""
    peers = list(next(iter(table["rows"].values()))["counters"])
    lines = [f"{'case':<28}{'merged e':>10}{'e':>8}{'u':>8}{'rate x FLOPs':>14}" + "".join(f"{p:>22}" for p in peers)]
    for name, row in table["rows"].items():
        own = row["exact"]
        cells = "".join(f"{row['counters'][p]['ac']:>13.0f} /{row['counters'][p]['mac']:>7.0f}" for p in peers)
        lines.append(
            f"{name:<28}{own['merged']:>10}{own['events']:>8}{own['units']:>8}{own['rate_x_flops']:>14}{cells}"
        )
    lines.append("libraries: accumulations / multiply-accumulates, first layer left out")
    return "\n".join(lines)


def main() -> None:
    table = measured()
    print(text(table))
    if "--record" in sys.argv[1:]:
        RECORDED.write_text(json.dumps(table, indent=1) + "\n")
        return
    recorded = json.loads(RECORDED.read_text())
    differ = [name for name, row in table["rows"].items() if row != recorded["rows"].get(name)]
    exact_ones = [
        peer
        for peer in table["rows"]["K=3, residual"]["counters"]
        if table["rows"]["K=3, residual"]["counters"][peer]["ac"] == table["rows"]["K=3, residual"]["exact"]["units"]
    ]
    for name in differ:
        print(f"differs from what is recorded: {name}: {table['rows'][name]}")
    print(
        f"{len(table['rows']) - len(differ)} of {len(table['rows'])} rows as recorded; unit synops of K-level spikes: "
        f"{', '.join(exact_ones) or 'no other library'} of {len(PEERS)} libraries agree with the exact count"
    )
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
