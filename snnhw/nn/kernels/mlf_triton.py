"""The MLF recurrence for CUDA: one Triton kernel forward, one backward, each with a block of neurons over all T and K.

    u_k[t] = decay * u_k[t-1] * (1 - s_k[t-1]) + x[t];  s_k[t] = u_k[t] > theta_k;  o[t] = sum_k s_k[t]
    with c = decay * dL/du_k[t+1]:  dL/du_k[t] = h(u_k[t]) * (g[t] - c * u_k[t]) + c * (1 - s_k[t]),  summed over k

Arrays are [T, n], n neurons side by side. Nothing is kept but x: backward walks the time in segments from the last to
the first, computes the membranes of one segment again from step 0 and holds them in registers. Every product is rounded
before it is added, as in `loops.py` and `mlf.c`; a launch must therefore switch the fusion of the two off.

Constants are one row of numbers: decay, 1 / surrogate width, then theta, low and high end of its support of each level.
What is carried from a step to the next is u_k * (1 - s_k), a tuple of one block for each level.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def fire_step(carried, now, constants, K: tl.constexpr):
    """The spikes o of a step with the input `now`, and what is carried into the next."""
    decay = tl.load(constants)
    zero = tl.zeros_like(now)
    out = zero
    kept = ()
    for k in tl.static_range(K):
        u = decay * carried[k] + now
        fired = u > tl.load(constants + 2 + 3 * k)
        out += fired.to(zero.dtype)
        kept = kept + (tl.where(fired, zero, u),)
    return out, kept


@triton.jit
def segment_backward(inputs, slopes, carried, grads, constants, K: tl.constexpr, SEGMENT: tl.constexpr):
    """dL/dx of the steps of a segment, summed over the levels, and dL/du of each level at the first of them.

    Given x and g = dL/do of the steps, what is carried into the segment, and dL/du at the step after it.
    """
    decay = tl.load(constants)
    slope = tl.load(constants + 1)
    zero = tl.zeros_like(slopes[0])
    summed = ()
    for _ in tl.static_range(SEGMENT):
        summed = summed + (zero,)
    passed = ()
    for k in tl.static_range(K):
        theta = tl.load(constants + 2 + 3 * k)
        low = tl.load(constants + 3 + 3 * k)
        high = tl.load(constants + 4 + 3 * k)
        carry = carried[k]
        potentials = ()
        for t in tl.static_range(SEGMENT):
            u = decay * carry + inputs[t]
            carry = tl.where(u > theta, zero, u)
            potentials = potentials + (u,)
        grad_u = grads[k]
        added = ()
        for back in tl.static_range(1, SEGMENT + 1):
            u = potentials[SEGMENT - back]
            c = decay * grad_u
            through = tl.where((u > low) & (u < high), (slopes[SEGMENT - back] - c * u) * slope, zero)
            grad_u = through + tl.where(u > theta, zero, c)
            added = (summed[SEGMENT - back] + grad_u,) + added
        summed = added
        passed = passed + (grad_u,)
    return summed, passed


@triton.jit
def nothing(zero, K: tl.constexpr):
    """The same block of zeros for each level."""
    zeros = ()
    for _ in tl.static_range(K):
        zeros = zeros + (zero,)
    return zeros


@triton.jit
def fire_kernel(x, spikes, constants, n, steps, K: tl.constexpr, BLOCK: tl.constexpr):
    """Write o [T, n] of the neurons of this program."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    carried = nothing(tl.zeros([BLOCK], x.dtype.element_ty), K)
    for _t in range(steps):
        out, carried = fire_step(carried, tl.load(x + at, inside, 0.0), constants, K)
        tl.store(spikes + at, out, inside)
        at += n  # the same neurons one step later


@triton.jit
def fire_backward_kernel(
    x, g, grad_x, constants, n, steps, segments, K: tl.constexpr, SEGMENT: tl.constexpr, BLOCK: tl.constexpr
):
    """Write dL/dx [T, n] of the neurons of this program; SEGMENT steps at a time."""
    neuron = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = neuron < n
    zero = tl.zeros([BLOCK], x.dtype.element_ty)
    grads = nothing(zero, K)  # dL/du of each level at the step after the segment
    for done in range(segments):
        first = (segments - 1 - done) * SEGMENT
        at = neuron
        carried = nothing(zero, K)
        for _earlier in range(first):
            _, carried = fire_step(carried, tl.load(x + at, inside, 0.0), constants, K)
            at += n
        start = at
        inputs, slopes = (), ()
        for t in tl.static_range(SEGMENT):
            lasts = inside & (first + t < steps)
            inputs = inputs + (tl.load(x + at, lasts, 0.0),)
            slopes = slopes + (tl.load(g + at, lasts, 0.0),)
            at += n
        summed, grads = segment_backward(inputs, slopes, carried, grads, constants, K, SEGMENT)
        at = start
        for t in tl.static_range(SEGMENT):
            tl.store(grad_x + at, summed[t], inside & (first + t < steps))
            at += n
