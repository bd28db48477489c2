"""Running graphs: the reference engines, the record they leave, and comparing records."""

from snnhw.verb import call_as

call_as(__name__, "snnhw.simulate.engine:simulate")
