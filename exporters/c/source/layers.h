/* Loops of integer spiking networks in C99: no heap, no floating point, 32-bit integers throughout.
 *
 * `value_t` is the type of what travels between layers: spikes, their sums, and the integers of the input. The exporter
 * has proven that no sum leaves 32 bits and no current its 24 bits, so nothing here wraps or overflows.
 */
#ifndef LAYERS_H
#define LAYERS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define UNITS_PER_WEIGHT 64
#define MEMBRANE_LIMIT 8388607 /* 2^23 - 1, where membranes are clipped */

/* A convolution or a pool over channels x height x width, which gives outputs x rows x columns. */
typedef struct {
    int32_t channels, height, width;
    int32_t outputs, rows, columns;
    int32_t kernel[2], stride[2], padding[2], dilation[2];
    int32_t groups;
} window_t;

/* A number for each neuron, for each channel or for all: at[c * channel + i * neuron]. */
typedef struct {
    const int32_t *at;
    int32_t channel, neuron;
} parameter_t;

/* Neurons with one threshold each; decays in 1/4096, everything else in 1/64 of a weight unit. */
typedef struct {
    int32_t channels, area;
    parameter_t threshold, bias, kept, current_kept, taken_off;
    int32_t subtracts; /* a spike takes `taken_off` off the membrane; else the membrane becomes 0 */
} neurons_t;

/* Which outputs x, first <= x < end, have their tap x * stride + offset inside an image of `size`. */
typedef struct {
    int32_t first, end;
} span_t;

static inline int32_t parameter(const parameter_t *values, int32_t c, int32_t i)
{
    return values->at[c * values->channel + i * values->neuron];
}

static inline span_t span_of(int32_t outputs, int32_t offset, int32_t stride, int32_t size)
{
    span_t span = {0, 0};
    const int32_t room = size - 1 - offset;
    if (offset < 0)
        span.first = (stride - 1 - offset) / stride;
    if (room >= 0)
        span.end = room / stride + 1;
    if (span.end > outputs)
        span.end = outputs;
    return span;
}

/* trunc(state * kept / 4096) of |state| <= 2^24 and kept <= 4096, without a product of 64 bits. */
static inline int32_t decayed(int32_t state, int32_t kept)
{
    const int32_t size = state < 0 ? -state : state;
    const int32_t rest = (size >> 12) * kept + (((size & 4095) * kept) >> 12);
    return state < 0 ? -rest : rest;
}

/* States before the first step of a sample. */
static inline void set_states(int32_t *states, parameter_t value, int32_t channels, int32_t area)
{
    for (int32_t c = 0; c < channels; c++)
        for (int32_t i = 0; i < area; i++)
            states[c * area + i] = parameter(&value, c, i);
}

/* One step: v = clip(trunc(v * kept / 4096) + u + bias), spike where v > threshold, then the reset.
 *
 * u = trunc(u * current_kept / 4096) + 64 * arriving; `u` is NULL where a current lasts one step.
 */
static inline void fire(const neurons_t *n, const int32_t *arriving, int32_t *u, int32_t *v, value_t *spikes)
{
    for (int32_t c = 0; c < n->channels; c++) {
        for (int32_t i = 0; i < n->area; i++) {
            const int32_t at = c * n->area + i;
            int32_t current = arriving[at] * UNITS_PER_WEIGHT;
            if (u != NULL) {
                current += decayed(u[at], parameter(&n->current_kept, c, i));
                u[at] = current;
            }
            int32_t membrane = decayed(v[at], parameter(&n->kept, c, i)) + current + parameter(&n->bias, c, i);
            if (membrane > MEMBRANE_LIMIT)
                membrane = MEMBRANE_LIMIT;
            if (membrane < -MEMBRANE_LIMIT)
                membrane = -MEMBRANE_LIMIT;
            spikes[at] = membrane > parameter(&n->threshold, c, i);
            if (spikes[at])
                membrane = n->subtracts ? membrane - parameter(&n->taken_off, c, i) : 0;
            v[at] = membrane;
        }
    }
}

/* The sums of a layer in weight units: `scale` is what its packed weights were divided by; `bias` may be NULL. */
static inline void finish(int32_t *sums, int32_t scale, const int32_t *bias, int32_t channels, int32_t area)
{
    for (int32_t c = 0; c < channels; c++)
        for (int32_t i = 0; i < area; i++)
            sums[c * area + i] = sums[c * area + i] * scale + (bias == NULL ? 0 : bias[c]);
}

static inline void clear_sums(int32_t *sums, int32_t size)
{
    memset(sums, 0, (size_t)size * sizeof *sums);
}

static inline void clear_values(value_t *values, int32_t size)
{
    memset(values, 0, (size_t)size * sizeof *values);
}

static inline void add_sums(int32_t *to, const int32_t *from, int32_t gain, int32_t size)
{
    for (int32_t i = 0; i < size; i++)
        to[i] += gain * from[i];
}

static inline void add_values(int32_t *to, const value_t *from, int32_t gain, int32_t size)
{
    for (int32_t i = 0; i < size; i++)
        to[i] += gain * from[i];
}

static inline void join_values(value_t *to, const value_t *from, int32_t gain, int32_t size)
{
    for (int32_t i = 0; i < size; i++)
        to[i] = (value_t)(to[i] + gain * from[i]);
}

/* What arrived `steps` steps ago, 0..`slots`, of a ring whose slot `now` is written when the step ends. */
static inline void delay(value_t *to, const value_t *ring, const value_t *arriving, parameter_t steps, int32_t slots,
                         int32_t now, int32_t channels, int32_t area)
{
    for (int32_t c = 0; c < channels; c++) {
        for (int32_t i = 0; i < area; i++) {
            const int32_t at = c * area + i, late = parameter(&steps, c, i);
            const int32_t slot = (now + slots - late) % (slots > 0 ? slots : 1);
            to[at] = late == 0 && arriving != NULL ? arriving[at] : ring[slot * channels * area + at];
        }
    }
}

/* Sums over the windows of each channel. */
static inline void pool(const window_t *w, const value_t *from, value_t *to)
{
    for (int32_t c = 0; c < w->channels; c++) {
        value_t *plane = to + c * w->rows * w->columns;
        const value_t *image = from + c * w->height * w->width;
        clear_values(plane, w->rows * w->columns);
        for (int32_t ky = 0; ky < w->kernel[0]; ky++) {
            const int32_t top = ky - w->padding[0];
            const span_t rows = span_of(w->rows, top, w->stride[0], w->height);
            for (int32_t kx = 0; kx < w->kernel[1]; kx++) {
                const int32_t left = kx - w->padding[1];
                const span_t columns = span_of(w->columns, left, w->stride[1], w->width);
                for (int32_t y = rows.first; y < rows.end; y++)
                    for (int32_t x = columns.first; x < columns.end; x++) {
                        const int32_t at = (y * w->stride[0] + top) * w->width + x * w->stride[1] + left;
                        plane[y * w->columns + x] = (value_t)(plane[y * w->columns + x] + image[at]);
                    }
            }
        }
    }
}

#endif
