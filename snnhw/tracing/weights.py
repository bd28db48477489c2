"""Weights that hooks compute: what the next forward pass would use, not what the last one left.

Weight norm, spectral norm and pruning of `torch.nn.utils` keep parameters of their own and set `weight` from them in a
hook before every forward pass. After a checkpoint is loaded or an optimiser has stepped, `weight` is stale until then.
Parametrisations (`torch.nn.utils.parametrize`) compute it whenever it is read.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from snnhw.errors import InputError


@torch.no_grad()
def refresh_weights(path: str, module: nn.Module) -> None:
    """Set what hooks compute in `module` as its next forward pass in evaluation mode would.

    Raises:
        InputError: the module waits for its first input to know its sizes, or holds no real numbers in memory.
    """
    if any(isinstance(p, nn.UninitializedParameter) for p in module.parameters(recurse=False)):
        raise InputError(f"Layer {path!r} has no weights before its first input; run the network once.")
    for name, tensor in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)):
        what = f"Layer {path!r} has {'an' if name[0] in 'aeiou' else 'a'} {name}"
        if tensor.is_meta:
            raise InputError(f"{what} on the meta device, without values; load the weights before.")
        if tensor.layout != torch.strided:
            raise InputError(f"{what} that is stored as {tensor.layout}; make it dense with to_dense().")
        if tensor.is_complex() or (name == "weight" and not tensor.is_floating_point()):
            raise InputError(f"{what} of {tensor.dtype}; a graph has real weights in floating point.")
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, SpectralNorm):  # in evaluation its vectors stay as they are
            setattr(module, hook.name, hook.compute_weight(module, do_power_iteration=False))
        elif isinstance(hook, WeightNorm | BasePruningMethod):
            hook(module, ())
