"""The MLF recurrence for CUDA: one Triton kernel forward, one backward, each with a block of neurons over all T and K.

    u_k[t] = decay * u_k[t-1] * (1 - s_k[t-1]) + x[t];  s_k[t] = u_k[t] > theta_k;  o[t] = sum_k s_k[t]
    with c = decay * dL/du_k[t+1]:  dL/du_k[t] = h(u_k[t]) * (g[t] - c * u_k[t]) + c * (1 - s_k[t]),  summed over k

Arrays are [T, n], n neurons side by side. Nothing is kept but x: backward walks the time in segments from the last to
the first, computes the membranes of one segment again from step 0 and holds them in registers. Every product is rounded
before it is added, as in `loops.py` and `mlf.c`; a launch must therefore switch the fusion of the two off.

Constants are one row of numbers: decay, 1 / surrogate width, then theta, low and high end of its support of each level.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def fire_kernel(x, spikes, constants, n, steps, K: tl.constexpr, BLOCK: tl.constexpr):
    """Write o [T, n] of the neurons of this program."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    decay = tl.load(constants)
    zero = tl.zeros([BLOCK], x.dtype.element_ty)
    carries = ()
    for _ in tl.static_range(K):
        carries = carries + (zero,)
    for _t in range(steps):
        now = tl.load(x + at, inside, 0.0)
        out = zero
        kept = ()
        for k in tl.static_range(K):
            u = decay * carries[k] + now
            fired = u > tl.load(constants + 2 + 3 * k)
            out += fired.to(zero.dtype)
            kept = kept + (tl.where(fired, zero, u),)
        tl.store(spikes + at, out, inside)
        carries = kept
        at += n  # the same neurons one step later


@triton.jit
def fire_backward_kernel(
    x, g, grad_x, constants, n, steps, segments, K: tl.constexpr, SEGMENT: tl.constexpr, BLOCK: tl.constexpr
):
    """Write dL/dx [T, n] of the neurons of this program; SEGMENT steps at a time."""
    neuron = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = neuron < n
    decay = tl.load(constants)
    slope = tl.load(constants + 1)
    zero = tl.zeros([BLOCK], x.dtype.element_ty)
    grads = ()  # dL/du of each level at the step after the segment
    for _ in tl.static_range(K):
        grads = grads + (zero,)
    for done in range(segments):
        first = (segments - 1 - done) * SEGMENT
        start = neuron + first * n.to(tl.int64)
        summed = ()
        for _ in tl.static_range(SEGMENT):
            summed = summed + (zero,)
        passed = ()
        for k in tl.static_range(K):
            theta = tl.load(constants + 2 + 3 * k)
            low = tl.load(constants + 3 + 3 * k)
            high = tl.load(constants + 4 + 3 * k)
            carry = zero
            at = neuron
            for _earlier in range(first):
                u = decay * carry + tl.load(x + at, inside, 0.0)
                carry = tl.where(u > theta, zero, u)
                at += n
            potentials = ()
            for t in tl.static_range(SEGMENT):
                u = decay * carry + tl.load(x + at, inside & (first + t < steps), 0.0)
                carry = tl.where(u > theta, zero, u)
                potentials = potentials + (u,)
                at += n
            grad_u = grads[k]
            added = ()
            for back in tl.static_range(1, SEGMENT + 1):
                at -= n
                u = potentials[SEGMENT - back]
                now = tl.load(g + at, inside & (first + SEGMENT - back < steps), 0.0)
                c = decay * grad_u
                through = tl.where((u > low) & (u < high), (now - c * u) * slope, zero)
                grad_u = through + tl.where(u > theta, zero, c)
                added = (summed[SEGMENT - back] + grad_u,) + added
            summed = added
            passed = passed + (grad_u,)
        for t in tl.static_range(SEGMENT):
            tl.store(grad_x + start, summed[t], inside & (first + t < steps))
            start += n
        grads = passed
