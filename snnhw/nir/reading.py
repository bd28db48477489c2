"""What a user says about a model that its file itself does not say; all of it always travels together."""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.errors import InputError
from snnhw.graph.firing import Reset
from snnhw.nir.frameworks import CONVENTIONS, DEFAULT_CONVENTION, Convention, convention_named, reset_named


@dataclass(frozen=True)
class Reading:
    """How a file is read; None leaves it to the file, and what the file leaves open is assumed with a finding.

    Attributes:
        dt: time step in seconds; else what the metadata says, else that of the framework, else 1e-4.
        written_by: framework whose steps are taken where NIR leaves a choice, a key of `CONVENTIONS`; else "nir", the
            forward Euler step of NIR's equations.
        reset: a key of `RESETS` for all neurons; else that of the framework, else of the file.
        timesteps: steps that a sample lasts; else what the metadata says, else 16. Models that are no NIR file take
            it too: weights do not depend on T, accuracy does.
        input_shape: (C, H, W) or (N,) of one frame, of a network in a Python file that does not say it.
    """

    dt: float | None = None
    written_by: str | None = None
    reset: str | None = None
    timesteps: int | None = None
    input_shape: tuple[int, ...] | None = None

    def convention(self) -> Convention:
        """How the neurons step.

        Raises:
            InputError: there is no such framework; those that exist are listed.
        """
        return CONVENTIONS[DEFAULT_CONVENTION] if self.written_by is None else convention_named(self.written_by)

    def known_reset(self) -> Reset | None:
        """The reset that was asked for.

        Raises:
            InputError: there is no such reset; those that exist are listed.
        """
        return reset_named(self.reset)

    def for_files_alone(self) -> tuple[str, ...]:
        """Names of what was said and means nothing but for a NIR file, as the command line spells them."""
        said = {"dt": self.dt, "written-by": self.written_by, "reset": self.reset}
        return tuple(name for name, value in said.items() if value is not None)


AS_WRITTEN = Reading()  # the file is taken at its word


def reading_given(value: object) -> Reading:
    """`value`, which is a reading.

    Raises:
        InputError: it is something else, such as the time step alone.
    """
    if isinstance(value, Reading):
        return value
    remedy = f"dt={value!r}" if isinstance(value, float) else "dt=1e-4, timesteps=16"
    raise InputError(f"Got a {type(value).__name__} where a Reading is needed; give one, as in Reading({remedy}).")
