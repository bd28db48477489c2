"""Wrong semantics, one at a time, planted in the source of one engine: what a search over random graphs has to find.

A fault is a piece of the source and what stands there instead. Python is compiled anew beside the module that it stands
for; the loops of C are copied.
"""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from snnhw.exporters.bundle import verify_certificate
from snnhw.exporters.c import folder as c_folder
from snnhw.simulation import firing, neurons
from tests.exporters.lava import oracle
from tests.integer_engines import ENGINES, IN_C, Engine


@dataclass(frozen=True)
class Fault:
    """What stands in the source of an engine, and what is put there."""

    engine: str  # the one that is wrong; "engine" is the integer engine itself
    source: ModuleType | str  # a module, or a file of the loops in C
    right: str
    wrong: str
    often: bool = True  # is in the search of CI

    @property
    def asked(self) -> Mapping[str, Engine]:
        """The engine that has to differ."""
        name = "loops" if self.engine == "engine" else self.engine
        return {name: {**ENGINES, **IN_C}[name]}

    def plant(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        """The fault is there until `patch` is undone."""
        if isinstance(self.source, str):
            copy = shutil.copytree(c_folder.SOURCE, folder / "source")
            (copy / self.source).write_text(self._replaced((copy / self.source).read_text()))
            patch.setattr(c_folder, "SOURCE", copy)
            return
        changed = ModuleType(self.source.__name__)
        changed.__file__ = self.source.__file__
        exec(compile(self._replaced(inspect.getsource(self.source)), "planted", "exec"), changed.__dict__)
        PLACES[self.source](patch, changed)

    def _replaced(self, text: str) -> str:
        if self.right not in text:
            raise LookupError(f"{self.right!r} stands nowhere in the source of {self.engine}.")
        return text.replace(self.right, self.wrong)


def _in_engine(patch: pytest.MonkeyPatch, changed: ModuleType) -> None:
    patch.setattr(firing, "_constants", lambda neurons, current: None)  # the loops in C are left out
    patch.setattr(firing, "step_unit", changed.step_unit)


PLACES: dict[ModuleType, Callable[[pytest.MonkeyPatch, ModuleType], None]] = {
    neurons: _in_engine,
    verify_certificate: lambda patch, changed: patch.setattr(verify_certificate, "Network", changed.Network),
    oracle: lambda patch, changed: patch.setattr(oracle, "run_oracle", changed.run_oracle),
}
LOOPS, BUNDLE = "layers.h", verify_certificate
EDGES = "e.gain for e in graph.into(name)"
FAULTS: dict[str, Fault] = {
    "engine: >= for >": Fault("engine", neurons, "s = v > theta[k]", "s = v >= theta[k]"),
    "engine: membranes round down": Fault(
        "engine", neurons, "(carried[k] * kept_v).trunc_()", "(carried[k] * kept_v).floor_()", often=False
    ),
    "engine: currents round down": Fault(
        "engine", neurons, "(currents[k] * kept_u).trunc_()", "(currents[k] * kept_u).floor_()", often=False
    ),
    "engine: decays what it adds": Fault(
        "engine",
        neurons,
        "(carried[k] * kept_v).trunc_() + currents[k]",
        "((carried[k] + currents[k]) * kept_v).trunc_()",
    ),
    "engine: 0 for what is left": Fault(
        "engine", neurons, "torch.where(s, v - less, v)", "v.masked_fill(s, 0.0)", often=False
    ),
    "loops: >= for >": Fault("loops", BUNDLE, 'membrane > of[name, "threshold"]', 'membrane >= of[name, "threshold"]'),
    "loops: round down": Fault(
        "loops",
        BUNDLE,
        "np.sign(state) * (np.abs(state) * kept // DECAY_ONE)",
        "state * kept // DECAY_ONE",
        often=False,
    ),
    "loops: a bias behind the threshold": Fault(
        "loops",
        BUNDLE,
        'membrane > of[name, "threshold"]',
        'membrane - of[name, "bias"] > of[name, "threshold"]',
        often=False,
    ),
    "loops: a delay too short": Fault("loops", BUNDLE, "np.where(steps == number,", "np.where(steps == number + 1,"),
    "loops: one source of a sum": Fault("loops", BUNDLE, "in self.into[name]]", "in self.into[name][:1]]"),
    "loops: 0 for what is left": Fault("loops", BUNDLE, '* node["subtracts"]', "* 0", often=False),
    "oracle: >= for >": Fault("oracle", oracle, "return u, v, v > np", "return u, v, v >= np", often=False),
    "oracle: rounds down": Fault(
        "oracle", oracle, "np.sign(product) * (np.abs(product) >> 12)", "product >> 12", often=False
    ),
    "oracle: one source of a sum": Fault("oracle", oracle, EDGES, f"{EDGES}[:1]", often=False),
    "C: >= for >": Fault("C", LOOPS, "membrane > parameter(&n->threshold", "membrane >= parameter(&n->threshold"),
    "C: rounds down": Fault(
        "C",
        LOOPS,
        "return state < 0 ? -rest : rest;",
        "(void)rest;\n    return (int32_t)(((int64_t)state * kept) >> 12);",
    ),
    "C: a delay too short": Fault("C", LOOPS, "(now + slots - late)", "(now + slots - late + 1)", often=False),
    "C: one source of a sum": Fault(
        "C", LOOPS, "to[i] = (value_t)(to[i] + gain * from[i]);", "to[i] = (value_t)(gain * from[i]);", often=False
    ),
    "C: the reset of the other kind": Fault("C", LOOPS, "n->subtracts ?", "!n->subtracts ?", often=False),
    "C by events: what is negative is lost": Fault("C by events", "synapses.h", "if (value == 0)", "if (value <= 0)"),
}
