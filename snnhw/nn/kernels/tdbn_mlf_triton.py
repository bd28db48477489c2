"""tdBN and the MLF unit behind it for CUDA: three Triton kernels forward and three backward, see `fused_gpu.py`.

    y = (x - mean) * scale + shift, then the recurrence of `mlf_triton.py` on y;  scale = gamma * factor / (sigma + eps)
    dL/dx = scale * (dL/dy - <dL/dy> - (x - mean) * pull * <dL/dy (x - mean)>),  <.> over the batch of all processes

An array is [T * M, C, plane] in memory: an image with the pixels of a channel side by side has plane = H * W, one with
its channels last plane = 1 and M = B * H * W. A "pixel" here is one of the T * M * plane numbers of a channel. A tile
is a block of PIXELS x CHANNELS; sums over pixels are taken in shares of consecutive ones, one share and one block of
channels to a program. x, spikes and slopes may be bfloat16, float16 or float32; everything between them is float32,
and what is summed over programs float64. Neither y nor dL/dy is written to memory: each kernel computes it again.

Numbers of a channel, [5, C]: mean, scale, shift, pull = r / sigma and rate = factor * r, with r = 1/(sigma + eps).
"""

from __future__ import annotations

import triton
import triton.language as tl

from snnhw.nn.kernels.mlf_triton import fire_step, nothing, segment_backward


@triton.jit
def places(pixel, channel, channels, plane):
    """Where a tile lies in memory, [PIXELS, CHANNELS]."""
    rows = (pixel // plane).to(tl.int64) * channels * plane + pixel % plane
    return rows[:, None] + (channel * plane)[None, :]


@triton.jit
def moments_kernel(x, parts, pixels, channels, plane, share, PIXELS: tl.constexpr, CHANNELS: tl.constexpr):
    """Write mean and sum of squares about it of each share and channel to parts [shares, 2, C].

    Summed are distances from the mean of the share's first tile, so that squares in float32 do not cancel.
    """
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < channels
    first = tl.program_id(0) * share
    end = tl.minimum(first + share, pixels)
    pixel = first + tl.arange(0, PIXELS)
    inside = (pixel < end)[:, None] & known[None, :]
    tile = tl.load(x + places(pixel, channel, channels, plane), inside, 0.0).to(tl.float32)
    origin = tl.sum(tile, 0) / tl.minimum(end - first, PIXELS)
    total = tl.zeros([PIXELS, CHANNELS], tl.float32)
    squares = tl.zeros([PIXELS, CHANNELS], tl.float32)
    for start in range(first, end, PIXELS):
        pixel = start + tl.arange(0, PIXELS)
        inside = (pixel < end)[:, None] & known[None, :]
        tile = tl.load(x + places(pixel, channel, channels, plane), inside, 0.0).to(tl.float32)
        apart = tl.where(inside, tile - origin[None, :], 0.0)
        total += apart
        squares += apart * apart
    n = (end - first).to(tl.float64)
    summed = tl.sum(total.to(tl.float64), 0)
    about = tl.sum(squares.to(tl.float64), 0) - summed * summed / n
    at = parts + tl.program_id(0).to(tl.int64) * 2 * channels + channel
    tl.store(at, origin.to(tl.float64) + summed / n, known)
    tl.store(at + channels, about, known)


@triton.jit
def statistics_kernel(
    parts, numbers, gamma, beta, running_mean, running_var, channels, shares, share, pixels, factor, eps, momentum,
    SMALLEST: tl.constexpr, SHARES: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Write the numbers of each channel from the moments of all shares; the running statistics follow them."""
    channel = tl.program_id(0) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < channels
    n = tl.cast(pixels, tl.float64)
    total = tl.zeros([SHARES, CHANNELS], tl.float64)
    for first in range(0, shares, SHARES):
        part = first + tl.arange(0, SHARES)
        inside = (part < shares)[:, None] & known[None, :]
        held = tl.minimum(pixels - part.to(tl.int64) * share, share).to(tl.float64)[:, None]
        mean = tl.load(parts + part[:, None] * 2 * channels + channel[None, :], inside, 0.0)
        total += tl.where(inside, held * mean, 0.0)
    mean_of_all = tl.sum(total, 0) / n
    total = tl.zeros([SHARES, CHANNELS], tl.float64)
    for first in range(0, shares, SHARES):
        part = first + tl.arange(0, SHARES)
        inside = (part < shares)[:, None] & known[None, :]
        held = tl.minimum(pixels - part.to(tl.int64) * share, share).to(tl.float64)[:, None]
        at = parts + part[:, None] * 2 * channels + channel[None, :]
        apart = tl.load(at, inside, 0.0) - mean_of_all[None, :]
        total += tl.where(inside, tl.load(at + channels, inside, 0.0) + held * apart * apart, 0.0)
    var = tl.maximum(tl.sum(total, 0) / n, 0.0)
    sigma = tl.sqrt(var)
    rate = 1.0 / (sigma + eps)
    at = numbers + channel
    tl.store(at, mean_of_all.to(tl.float32), known)
    tl.store(at + channels, (tl.load(gamma + channel, known, 0.0) * factor * rate).to(tl.float32), known)
    tl.store(at + 2 * channels, tl.load(beta + channel, known, 0.0).to(tl.float32), known)
    tl.store(at + 3 * channels, (rate / tl.maximum(sigma, SMALLEST)).to(tl.float32), known)
    tl.store(at + 4 * channels, (factor * rate).to(tl.float32), known)
    unbiased = var * (n / tl.maximum(n - 1.0, 1.0))
    before = tl.load(running_mean + channel, known, 0.0).to(tl.float64)
    tl.store(running_mean + channel, (before + momentum * (mean_of_all - before)).to(tl.float32), known)
    before = tl.load(running_var + channel, known, 0.0).to(tl.float64)
    tl.store(running_var + channel, (before + momentum * (unbiased - before)).to(tl.float32), known)


@triton.jit
def normalisation(numbers, channel, channels, known):
    """Mean, scale and shift of the channels, [1, channels of a tile] each."""
    mean = tl.load(numbers + channel, known, 0.0)[None, :]
    scale = tl.load(numbers + channels + channel, known, 0.0)[None, :]
    shift = tl.load(numbers + 2 * channels + channel, known, 0.0)[None, :]
    return mean, scale, shift


@triton.jit
def potentials_of(x, at, inside, mean, scale, shift):
    """The distance of x from the mean, and y, both float32 [PIXELS, CHANNELS]."""
    apart = tl.load(x + at, inside, 0.0).to(tl.float32) - mean
    return apart, apart * scale + shift


@triton.jit
def fire_kernel(
    x, spikes, numbers, constants, pixels, channels, plane, steps,
    K: tl.constexpr, PIXELS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Write o of a tile at all steps; `pixels` are those of one step."""
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < channels
    mean, scale, shift = normalisation(numbers, channel, channels, known)
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    inside = (pixel < pixels)[:, None] & known[None, :]
    at = places(pixel, channel, channels, plane)
    a_step = tl.cast(pixels, tl.int64) * channels
    carried = nothing(tl.zeros([PIXELS, CHANNELS], tl.float32), K)
    for _t in range(steps):
        _, now = potentials_of(x, at, inside, mean, scale, shift)
        out, carried = fire_step(carried, now, constants, K)
        tl.store(spikes + at, out.to(spikes.dtype.element_ty), inside)
        at += a_step


@triton.jit
def slopes_of(
    x, g, at, inside, first, steps, a_step, mean, scale, shift, constants, grads, K: tl.constexpr, SEGMENT: tl.constexpr
):
    """Of the steps of a segment x - mean, dL/dy, and dL/du of each level at the first; `at` is where step 0 lies."""
    zero = tl.zeros_like(grads[0])
    carried = nothing(zero, K)
    for _earlier in range(first):
        _, now = potentials_of(x, at, inside, mean, scale, shift)
        _, carried = fire_step(carried, now, constants, K)
        at += a_step
    aparts, inputs, slopes = (), (), ()
    for t in tl.static_range(SEGMENT):
        lasts = inside & (first + t < steps)
        apart, now = potentials_of(x, at, lasts, mean, scale, shift)
        aparts, inputs = aparts + (apart,), inputs + (now,)
        slopes = slopes + (tl.load(g + at, lasts, 0.0).to(tl.float32),)
        at += a_step
    grad_y, grads = segment_backward(inputs, slopes, carried, grads, constants, K, SEGMENT)
    return aparts, grad_y, grads


@triton.jit
def sums_kernel(
    x, g, numbers, constants, parts, pixels, channels, plane, steps, segments, share,
    K: tl.constexpr, SEGMENT: tl.constexpr, PIXELS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Write the sums of dL/dy, alone and times x - mean, of each share and channel to parts [shares, 2, C]."""
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < channels
    mean, scale, shift = normalisation(numbers, channel, channels, known)
    a_step = tl.cast(pixels, tl.int64) * channels
    zero = tl.zeros([PIXELS, CHANNELS], tl.float32)
    total = zero
    products = zero
    begin = tl.program_id(0) * share
    end = tl.minimum(begin + share, pixels)
    for start in range(begin, end, PIXELS):
        pixel = start + tl.arange(0, PIXELS)
        inside = (pixel < end)[:, None] & known[None, :]
        at = places(pixel, channel, channels, plane)
        grads = nothing(zero, K)
        for done in range(segments):
            first = (segments - 1 - done) * SEGMENT
            aparts, grad_y, grads = slopes_of(
                x, g, at, inside, first, steps, a_step, mean, scale, shift, constants, grads, K, SEGMENT
            )
            for t in tl.static_range(SEGMENT):
                total += grad_y[t]
                products += grad_y[t] * aparts[t]
    at = parts + tl.program_id(0).to(tl.int64) * 2 * channels + channel
    tl.store(at, tl.sum(total.to(tl.float64), 0), known)
    tl.store(at + channels, tl.sum(products.to(tl.float64), 0), known)


@triton.jit
def averages_kernel(
    parts, numbers, averages, grad_gamma, grad_beta, channels, shares, n, SHARES: tl.constexpr, CHANNELS: tl.constexpr
):
    """Write <dL/dy> and pull * <dL/dy (x - mean)> to averages [2, C], and dL/dgamma and dL/dbeta."""
    channel = tl.program_id(0) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < channels
    total = tl.zeros([SHARES, CHANNELS], tl.float64)
    products = tl.zeros([SHARES, CHANNELS], tl.float64)
    for first in range(0, shares, SHARES):
        part = first + tl.arange(0, SHARES)
        inside = (part < shares)[:, None] & known[None, :]
        at = parts + part[:, None] * 2 * channels + channel[None, :]
        total += tl.load(at, inside, 0.0)
        products += tl.load(at + channels, inside, 0.0)
    sum_g = tl.sum(total, 0)
    sum_gx = tl.sum(products, 0)
    n = tl.cast(n, tl.float64)
    pull = tl.load(numbers + 3 * channels + channel, known, 0.0)
    rate = tl.load(numbers + 4 * channels + channel, known, 0.0)
    tl.store(averages + channel, (sum_g / n).to(tl.float32), known)
    tl.store(averages + channels + channel, (pull * (sum_gx / n)).to(tl.float32), known)
    tl.store(grad_beta + channel, sum_g.to(tl.float32), known)
    tl.store(grad_gamma + channel, (rate * sum_gx).to(tl.float32), known)


@triton.jit
def gradient_kernel(
    x, g, grad_x, numbers, averages, constants, pixels, channels, plane, steps, segments,
    K: tl.constexpr, SEGMENT: tl.constexpr, PIXELS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Write dL/dx of a tile at all steps; `pixels` are those of one step."""
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < channels
    mean, scale, shift = normalisation(numbers, channel, channels, known)
    mean_g = tl.load(averages + channel, known, 0.0)[None, :]
    pulled = tl.load(averages + channels + channel, known, 0.0)[None, :]
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    inside = (pixel < pixels)[:, None] & known[None, :]
    at = places(pixel, channel, channels, plane)
    a_step = tl.cast(pixels, tl.int64) * channels
    grads = nothing(tl.zeros([PIXELS, CHANNELS], tl.float32), K)
    for done in range(segments):
        first = (segments - 1 - done) * SEGMENT
        aparts, grad_y, grads = slopes_of(
            x, g, at, inside, first, steps, a_step, mean, scale, shift, constants, grads, K, SEGMENT
        )
        there = grad_x + at + first * a_step
        for t in tl.static_range(SEGMENT):
            grad = scale * (grad_y[t] - mean_g - aparts[t] * pulled)
            tl.store(there, grad.to(grad_x.dtype.element_ty), inside & (first + t < steps))
            there += a_step
