"""snnhw takes multi-level-firing spiking networks from PyTorch to neuromorphic hardware and prices them there.

The public API, in the words of the command line and in the order of the pipeline:

    model = load_model("digits")                          # zoo name, run folder, official .pth or .nir
    model = load_model("other.nir", Reading(dt=1e-4))     # what a NIR file does not say itself
    model = model_of(network, (1, 8, 8))                  # your own torch module
    graph = trace(network, (1, 8, 8))                     # torch module -> typed graph
    inputs = load_inputs("digits:test").first(20)         # data set, .npy or .npz
    summary(network, inputs)                              # the table: spikes, synops, joules of each layer, totals
    record = simulate_graph(model.graph, inputs.values)   # spikes per level, logits
    integers = compile_loihi(model.graph, calibration)    # Loihi integers, with the loss of every layer
    found = verify(model, inputs, calibration, folder)    # the certificate: which stages agree
    counts = count(model.graph, record)                   # exact operation counts
    energy = estimate(counts, load_profile("loihi1-davies2018"))   # J per inference, low to high
    report, page = make_report(model, inputs, folder)     # report.html, report.json, layers.csv, energy.csv
    diff("report_a", "report_b")                          # what two runs differ in, layer by layer, and why
    with running_on("cuda"): ...                          # all of this on a GPU
    write_nir(model.graph, path); graph = read_nir(path)  # NIR out and in

Names are imported when they are first used: `import snnhw` itself needs neither torch nor NumPy.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str

    from snnhw.analysis.counting.count import count
    from snnhw.analysis.energy.estimate import estimate
    from snnhw.analysis.hardware.profiles import load_profile
    from snnhw.data.delta import delta_coded
    from snnhw.data.inputs import load_inputs
    from snnhw.data.samples import inputs_of
    from snnhw.errors import InputError
    from snnhw.nir.io import read_nir, write_nir
    from snnhw.nir.reading import Reading
    from snnhw.passes import compile_channels
    from snnhw.quantisation.compile import compile_loihi
    from snnhw.simulation.engine import simulate as simulate_graph
    from snnhw.simulation.execution import running_on
    from snnhw.tracing.trace import trace
    from snnhw.workflows.diff import diff
    from snnhw.workflows.load import load_model, model_of
    from snnhw.workflows.report import ReportOptions, make_report
    from snnhw.workflows.summary import summary
    from snnhw.workflows.verify import LavaShare, verify

__all__ = [
    "InputError",
    "LavaShare",
    "Reading",
    "ReportOptions",
    "compile_channels",
    "compile_loihi",
    "count",
    "delta_coded",
    "diff",
    "estimate",
    "inputs_of",
    "load_inputs",
    "load_model",
    "load_profile",
    "make_report",
    "model_of",
    "read_nir",
    "running_on",
    "simulate_graph",
    "summary",
    "trace",
    "verify",
    "write_nir",
]

_HOME = {
    "InputError": "snnhw.errors:InputError",
    "LavaShare": "snnhw.workflows.verify:LavaShare",
    "Reading": "snnhw.nir.reading:Reading",
    "ReportOptions": "snnhw.workflows.report:ReportOptions",
    "compile_channels": "snnhw.passes:compile_channels",
    "compile_loihi": "snnhw.quantisation.compile:compile_loihi",
    "count": "snnhw.analysis.counting.count:count",
    "delta_coded": "snnhw.data.delta:delta_coded",
    "diff": "snnhw.workflows.diff:diff",
    "estimate": "snnhw.analysis.energy.estimate:estimate",
    "inputs_of": "snnhw.data.samples:inputs_of",
    "load_inputs": "snnhw.data.inputs:load_inputs",
    "load_model": "snnhw.workflows.load:load_model",
    "load_profile": "snnhw.analysis.hardware.profiles:load_profile",
    "make_report": "snnhw.workflows.report:make_report",
    "model_of": "snnhw.workflows.load:model_of",
    "read_nir": "snnhw.nir.io:read_nir",
    "running_on": "snnhw.simulation.execution:running_on",
    "simulate_graph": "snnhw.simulation.engine:simulate",  # on the reference engine; `simulate_on` takes a backend
    "summary": "snnhw.workflows.summary:summary",
    "trace": "snnhw.tracing.trace:trace",
    "verify": "snnhw.workflows.verify:verify",
    "write_nir": "snnhw.nir.io:write_nir",
}


if "IPython" in sys.modules:  # a notebook may be running
    import_module("snnhw.analysis.report.notebook").register()


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("snnhw")
    if name not in _HOME:
        raise AttributeError(f"module 'snnhw' has no attribute {name!r}")
    module, _, function = _HOME[name].partition(":")
    return getattr(import_module(module), function)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
