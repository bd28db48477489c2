"""A report of a small random network with every section that a run can fill."""

import numpy as np

from snnhw.analysis.advice.trials import run_trials
from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.relay import relays
from snnhw.analysis.energy.level_advice import level_advice
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.report.report import CHIPS, assemble
from snnhw.analysis.report.sections import Sections
from snnhw.analysis.report.stamp import Origin, make_stamp
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.certificate import Stage, certify, graph_backend
from snnhw.simulation.engine import simulate
from tests.nets import residual_net

ACCURACY = {"float": 0.9806, "Loihi integers": 0.9778}


def sample_report(
    *, complete=True, name="small net", profiles=("loihi1-davies2018", "horowitz45-fp32"), net=None, **changes
):
    net = net or residual_net(seed=3, widths=(4, 6), samples=5)
    graph = run_passes(net.graph, FLOAT).replace(name=name)
    chosen = [load_profile(profile) for profile in profiles]
    model, data = Origin(name, "a" * 64), Origin("noise", "b" * 64)
    stamp = make_stamp(model, data, profiles=chosen, seed=3, command="snnhw report")
    sections = {}
    if complete:
        channels, integers = compile_channels(graph), compile_loihi(graph, net.inputs)
        stages = tuple(
            Stage(graph_backend(stage, g), g)
            for stage, g in (("graph", graph), ("channels", channels), ("integers", integers.graph))
        )
        sections = {
            "accuracy": ACCURACY,
            "certificate": certify(stages, net.inputs, quantisation=stages[1:], accuracy=ACCURACY),
            "quantisation": integers.layers,
            "example": simulate(graph, net.inputs[:1], raster=True),
        }
        target = np.arange(len(net.inputs)) % 2
        sections["levels"] = level_advice(graph, net.inputs, target, chosen[0])
        sections["trials"] = run_trials(graph, net.inputs)
    record = simulate(graph, net.inputs)
    counts = count(graph, record)
    sections["relays"], sections["record"] = relays(graph, record), record
    chips = changes.pop("chips", CHIPS)
    return assemble(graph, counts, chosen, stamp, Sections(**{**sections, **changes}), chips=chips)
