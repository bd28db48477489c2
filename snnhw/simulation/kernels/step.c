/* All levels of one unit over all steps, with its counts, in one visit; compiled for float and for double.
 *
 *   floats:    u_k[t] = keep * u_k[t-1] * (1 - s_k[t-1]) + x[t];                                s_k = u_k > theta_k
 *   integers:  v_k[t] = clip(trunc(keep * v_k[t-1] * (1 - s_k[t-1])) + 64 x[t] + bias);         s_k = v_k > theta_k
 *
 * Arrays: x [steps or 1, batch, n], o [steps, batch, n], counts [levels, n], events [n], counts_t [levels, steps];
 * theta [levels], or [levels, n] if per_neuron; raster and membranes [batch, steps, levels, n] or null. A static input
 * has x_stride 0, else o may be x. LANES neurons are worked on at once: all that they need stays in the first-level
 * cache, and the loops over them become vector instructions.
 */
#ifndef REAL

#include <math.h>
#include <stdint.h>
#define LANES 128
#define REAL float
#define TRUNC truncf
#define NAME(f) f##_float
#include "step.c"
#undef REAL
#undef TRUNC
#undef NAME
#define REAL double
#define TRUNC trunc
#define NAME(f) f##_double
#include "step.c"

#else

static inline __attribute__((always_inline)) void NAME(block)(
    const REAL *x, int64_t x_stride, REAL *o, int64_t n, int64_t batch, int64_t steps, int64_t levels, const REAL *theta,
    int64_t per_neuron, REAL keep, const REAL *restrict bias, REAL limit, int64_t *restrict counts,
    int64_t *restrict events, int64_t *restrict counts_t, uint8_t *restrict raster, REAL *restrict membranes, int lanes)
{
    int32_t any[LANES] = {0}, fired[levels][steps][LANES];
    REAL xs[steps][LANES], sent[steps][LANES], theta_k[levels][LANES];
    for (int64_t k = 0; k < levels; k++)
        for (int i = 0; i < lanes; i++)
            theta_k[k][i] = per_neuron ? theta[k * n + i] : theta[k];
    for (int64_t k = 0; k < levels; k++)
        for (int64_t t = 0; t < steps; t++)
            for (int i = 0; i < LANES; i++)
                fired[k][t][i] = 0;
    for (int64_t b = 0; b < batch; b++) {
        for (int64_t t = 0; t < steps; t++)
            for (int i = 0; i < lanes; i++)
                xs[t][i] = x[t * x_stride + b * n + i];
        for (int64_t k = 0; k < levels; k++) {
            REAL carry[LANES] = {0};
            for (int64_t t = 0; t < steps; t++) {
                int64_t row = ((b * steps + t) * levels + k) * n;
                if (bias)
                    for (int i = 0; i < lanes; i++) {
                        REAL v = TRUNC(keep * carry[i]) + 64 * xs[t][i] + bias[i];
                        v = v > limit ? limit : v;
                        carry[i] = v < -limit ? -limit : v;
                    }
                else
                    for (int i = 0; i < lanes; i++)
                        carry[i] = keep * carry[i] + xs[t][i];
                if (membranes)
                    for (int i = 0; i < lanes; i++)
                        membranes[row + i] = carry[i];
                if (raster)
                    for (int i = 0; i < lanes; i++)
                        raster[row + i] = carry[i] > theta_k[k][i];
                for (int i = 0; i < lanes; i++) {
                    fired[k][t][i] += carry[i] > theta_k[k][i];
                    sent[t][i] = (k ? sent[t][i] : (REAL)0) + (carry[i] > theta_k[k][i] ? (REAL)1 : (REAL)0);
                    carry[i] = carry[i] > theta_k[k][i] ? (REAL)0 : carry[i];
                }
            }
        }
        for (int64_t t = 0; t < steps; t++)
            for (int i = 0; i < lanes; i++) {
                any[i] += sent[t][i] > 0;
                o[(t * batch + b) * n + i] = sent[t][i];
            }
    }
    for (int64_t k = 0; k < levels; k++)
        for (int64_t t = 0; t < steps; t++) {
            int32_t total = 0;
            for (int i = 0; i < lanes; i++) {
                counts[k * n + i] += fired[k][t][i];
                total += fired[k][t][i];
            }
            counts_t[k * steps + t] += total;
        }
    for (int i = 0; i < lanes; i++)
        events[i] += any[i];
}

void NAME(step)(
    const REAL *x, int64_t x_stride, REAL *o, int64_t n, int64_t batch, int64_t steps, int64_t levels,
    const REAL *theta, int64_t per_neuron, double keep, const REAL *restrict bias, double limit, int64_t *restrict counts,
    int64_t *restrict events, int64_t *restrict counts_t, uint8_t *restrict raster, REAL *restrict membranes, int threads)
{
    int64_t blocks = (n + LANES - 1) / LANES;
#pragma omp parallel num_threads(threads) if (n * batch * steps > 16384)
    {
        int64_t mine[levels * steps];
        for (int64_t i = 0; i < levels * steps; i++)
            mine[i] = 0;
#pragma omp for schedule(static)
        for (int64_t j = 0; j < blocks; j++) {
            int64_t i = j * LANES;
            const REAL *b = bias ? bias + i : 0, *th = per_neuron ? theta + i : theta;
            uint8_t *r = raster ? raster + i : 0;
            REAL *u = membranes ? membranes + i : 0;
            if (i + LANES <= n)
                NAME(block)(x + i, x_stride, o + i, n, batch, steps, levels, th, per_neuron, (REAL)keep, b,
                            (REAL)limit, counts + i, events + i, mine, r, u, LANES);
            else
                NAME(block)(x + i, x_stride, o + i, n, batch, steps, levels, th, per_neuron, (REAL)keep, b,
                            (REAL)limit, counts + i, events + i, mine, r, u, (int)(n - i));
        }
#pragma omp critical
        for (int64_t i = 0; i < levels * steps; i++)
            counts_t[i] += mine[i];
    }
}

#endif
