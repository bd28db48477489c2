"""The fidelity certificate as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from snnhw.simulate.certificate import Certificate
from snnhw.terminal import table


def certificate_table(certificate: Certificate) -> Table:
    """One row per comparison, the first divergence below where there is one."""
    rows: list[tuple[object, ...]] = []
    for a in certificate.agreements:
        verdict = "equal" if a.differing == 0 else "near-ties only" if a.agrees else f"DIFFERS at {a.first}"
        rows.append((f"{a.reference} = {a.candidate}", a.samples, a.spikes, a.differing, a.near_ties, verdict))
    if certificate.quantisation is not None:
        q = certificate.quantisation
        share = f"{q.differing / q.compared:.2%} of the slots differ (measured)"
        rows.append((f"{q.reference} ~ {q.candidate}", q.samples, q.spikes, q.differing, "", share))
    columns = ("stages", ">samples", ">spikes", ">differing", ">near-ties", "verdict")
    title = "Fidelity certificate: " + ("all stages agree" if certificate.agrees else "stages differ")
    made = table(title, columns, rows)
    if certificate.accuracy:
        made.caption = ", ".join(f"accuracy {name} {share:.2%}" for name, share in certificate.accuracy.items())
        made.caption_justify = "left"
    return made
