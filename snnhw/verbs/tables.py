"""The fidelity certificate as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from snnhw.simulation.certificate import Certificate
from snnhw.simulation.compare import Agreement
from snnhw.verbs.terminal import table


def certificate_table(certificate: Certificate) -> Table:
    """One row per comparison, the first divergence below where there is one."""
    rows: list[tuple[object, ...]] = []
    for a in certificate.agreements:
        rows.append((f"{a.reference} = {a.candidate}", a.samples, a.spikes, a.differing, a.near_ties, _verdict(a)))
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


def _verdict(a: Agreement) -> str:
    if not a.differing:
        return "equal" if a.agrees else f"LOGITS DIFFER by {a.logits_difference:g}"
    if not a.agrees:
        return f"DIFFERS at {a.first}"
    listed = "; ".join(str(tie) for tie in a.ties)
    return f"near-ties only: {listed}" + ("; ..." if a.near_ties > len(a.ties) else "")
