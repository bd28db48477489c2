"""The resistance of wires in a tile, exactly: what every column sends for 1 V on one word line, the others at 0 V.

Takes conductances G [..., rows, columns] in siemens and the resistance of one segment of a word line and of a bit line;
gives the effective conductances M [..., rows, columns], so that the currents of any voltages v are v @ M.

A word line is driven at its left end through one segment, a bit line ends at the bottom behind one segment in a
converter that holds it at 0 V. With W_i, B_i [columns] the voltages of the nodes of row i, g_w and g_b the conductances
of a segment and D_i = diag(G_i), Kirchhoff's current law says
    A_i W_i = D_i B_i + g_w v_i e_0,   A_i = g_w L + D_i        (L: 2, -1; the last diagonal entry is 1)
    g_b (n_i B_i - B_{i-1} - B_{i+1}) + D_i B_i - D_i W_i = 0   (n_0 = 1, else 2; below the last row is 0 V)
so W is eliminated in each row, and what is left is block tridiagonal over the rows with -g_b I off the diagonal.
"""

from __future__ import annotations

import torch
from torch import Tensor


def effective_conductances(conductances: Tensor, word_ohm: float, bit_ohm: float) -> Tensor:
    """Effective conductances M [..., rows, columns] of tiles: column j sends sum_i v_i M[i, j].

    Args:
        conductances: float64 [..., rows, columns] in siemens, none negative.
        word_ohm: of a segment of a word line, in ohm; 0: ideal.
        bit_ohm: of a segment of a bit line; 0: ideal.

    Every device is a resistor, so this is no approximation: nodal analysis with the same network as badcrossbar 1.1.0
    (Joksas and Mehonic, SoftwareX 12, 2020).
    """
    if word_ohm == 0 and bit_ohm == 0:
        return conductances.clone()
    if bit_ohm == 0:
        return _driven(conductances, word_ohm)
    rows = conductances.shape[-2]
    through, injected = _rows_alone(conductances, word_ohm)
    g = 1.0 / bit_ohm
    identity = torch.eye(conductances.shape[-1], dtype=conductances.dtype, device=conductances.device)
    pivots: list[Tensor] = []  # inverse of what elimination leaves on the diagonal of each row
    for i in range(rows):
        own = through[..., i, :, :] + (1 if i == 0 else 2) * g * identity
        if pivots:
            own = own - g * g * pivots[-1]
        pivots.append(torch.linalg.inv(own))
    sent = torch.empty_like(conductances)
    reach = g * pivots[-1]  # current into the converters [columns, columns] for current injected in the last row
    for i in reversed(range(rows)):
        sent[..., i, :] = (reach @ injected[..., i, :, None])[..., 0]
        if i:
            reach = g * (reach @ pivots[i - 1])
    return sent


def _rows_alone(conductances: Tensor, word_ohm: float) -> tuple[Tensor, Tensor]:
    """D - D A^-1 D [..., rows, columns, columns] and g_w D A^-1 e_0 [..., rows, columns] of every row."""
    if word_ohm == 0:
        return torch.diag_embed(conductances), conductances
    inverse = torch.linalg.inv(_word_lines(conductances, word_ohm))
    weighted = conductances[..., :, None] * inverse
    through = torch.diag_embed(conductances) - weighted * conductances[..., None, :]
    return through, weighted[..., 0] / word_ohm


def _driven(conductances: Tensor, word_ohm: float) -> Tensor:
    """M with ideal bit lines, where every device ends at 0 V."""
    driven: Tensor = conductances * torch.linalg.inv(_word_lines(conductances, word_ohm))[..., 0] / word_ohm
    return driven


def _word_lines(conductances: Tensor, word_ohm: float) -> Tensor:
    """A [..., rows, columns, columns]: the conductance matrix of each word line with its devices."""
    columns, g = conductances.shape[-1], 1.0 / word_ohm
    ends = torch.full((columns,), 2 * g, dtype=conductances.dtype, device=conductances.device)
    ends[-1] = g
    beside = torch.full((columns - 1,), -g, dtype=conductances.dtype, device=conductances.device)
    return torch.diag_embed(conductances + ends) + torch.diag(beside, 1) + torch.diag(beside, -1)
