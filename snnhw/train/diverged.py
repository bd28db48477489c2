"""Training that has come to nothing stops: a loss or a weight that is NaN or infinite, with epoch and batch.

Nothing of such an epoch is saved, so the run folder keeps the state after the epoch before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from snnhw.errors import FailedRunError
from snnhw.nn.state import fault_of

if TYPE_CHECKING:
    from lightning_fabric import Fabric

AT_ONCE = 32  # losses that are looked at together, since looking makes a GPU wait


class Losses:
    """The losses of an epoch, looked at from time to time; all processes stop at the same batch."""

    def __init__(self, fabric: Fabric, epoch: int) -> None:
        self.fabric, self.epoch = fabric, epoch
        self._kept: list[Tensor] = []
        self._before = 0  # batches that were looked at

    def add(self, loss: Tensor, *, last: bool) -> None:
        """The loss of the next batch; `last` says that it is the epoch's last.

        Raises:
            FailedRunError: one of the losses is NaN or infinite.
        """
        self._kept.append(loss)
        if not last and len(self._kept) < AT_ONCE:
            return
        lost = ~torch.stack(self._kept).isfinite()
        first = torch.where(lost.any(), lost.int().argmax(), len(self._kept))
        batch = int(self.fabric.all_reduce(first, reduce_op="min"))
        if batch < len(self._kept):
            raise _stopped(f"The loss is {float(self._kept[batch]):g}", self._before + batch + 1, self.epoch)
        self._before += len(self._kept)
        self._kept.clear()


def check_weights(network: nn.Module, epoch: int) -> None:
    """Nothing, where the network can be run.

    Raises:
        FailedRunError: a weight is NaN or infinite, which the loss of the last batch does not show.
    """
    fault = fault_of(network.state_dict())
    if fault is not None:
        raise _stopped(f"Since the last step {fault}", None, epoch)


def _stopped(what: str, batch: int | None, epoch: int) -> FailedRunError:
    where = f"in batch {batch} of epoch {epoch + 1}" if batch else f"at the end of epoch {epoch + 1}"
    kept = f"the run folder keeps the state after epoch {epoch}" if epoch else "nothing was kept yet"
    return FailedRunError(f"{what} {where}; {kept}, train anew with a smaller lr, or with 32-true for the precision.")
