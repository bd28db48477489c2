"""A machine whose time passes only when something runs or waits, and whose power is known."""

from dataclasses import dataclass

from snnhw.analysis.metering.counters import Counter
from snnhw.analysis.metering.meter import Clock


@dataclass
class Machine:
    """Draws `idle` W always and `joules` more for every inference, which takes `seconds`."""

    idle: float = 5.0
    joules: float = 0.5
    seconds: float = 0.25
    time: float = 0.0
    energy: float = 0.0

    def passes(self, seconds):
        self.time += seconds
        self.energy += self.idle * seconds

    def runs(self, inferences=1):
        self.passes(self.seconds * inferences)
        self.energy += self.joules * inferences
        return inferences

    @property
    def clock(self):
        return Clock(lambda: self.time, self.passes)

    def counter(self, scope="package"):
        return Counter("RAPL, 1 processor package", scope, "Machine 9000", lambda: self.energy)
