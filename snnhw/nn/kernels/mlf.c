/* All levels of the MLF recurrence for a block of neurons in one visit; compiled for float and for double.
 *
 *   u_k[t] = decay * u_k[t-1] * (1 - s_k[t-1]) + x[t];  s_k[t] = u_k[t] > theta_k;  o[t] = sum_k s_k[t]
 *   with c = decay * dL/du_k[t+1]:  dL/du_k[t] = h(u_k[t]) * (g[t] - c * u_k[t]) + c * (1 - s_k[t]),  summed over k
 *
 * Arrays are [steps, n], n neurons side by side. LANES neurons are worked on at once, so that their membranes stay in
 * the first-level cache and the loops over them become vector instructions.
 *
 * mlf_fire and mlf_back take x as it is; with a norm in front, n is [rows, channels, plane] and the recurrence sees
 * (x - mean) * scale + shift of the channel, which is never written to memory. mlf_back_norm gives dL/d of that, and
 * its sums over the steps of each plane, alone and times x - mean, for the backward of the norm.
 */
#ifndef REAL

#include <stdint.h>
#include <stdlib.h>
#define LANES 64
#define SUMS 32
#define REAL float
#define NAME(f) f##_float
#include "mlf.c"
#undef REAL
#undef NAME
#define REAL double
#define NAME(f) f##_double
#include "mlf.c"

#else

static inline __attribute__((always_inline)) void NAME(fire_block)(
    const REAL *restrict x, int64_t stride, REAL *restrict o, int64_t n, int64_t steps, int64_t levels,
    const REAL *theta, REAL decay, int lanes)
{
    for (int64_t k = 0; k < levels; k++) {
        REAL carry[LANES] = {0};
        for (int64_t t = 0; t < steps; t++) {
            const REAL *xt = x + t * stride;
            REAL *ot = o + t * n;
#pragma GCC ivdep
            for (int i = 0; i < lanes; i++) {
                REAL u = decay * carry[i] + xt[i];
                REAL s = u > theta[k] ? (REAL)1 : (REAL)0;
                carry[i] = u > theta[k] ? (REAL)0 : u;
                ot[i] = k ? ot[i] + s : s;
            }
        }
    }
}

static inline __attribute__((always_inline)) void NAME(back_block)(
    const REAL *restrict x, int64_t stride, const REAL *restrict g, REAL *restrict gx, int64_t n, int64_t steps,
    int64_t levels, const REAL *theta, REAL decay, REAL width, REAL (*u)[LANES], int lanes)
{
    for (int64_t k = 0; k < levels; k++) {
        REAL low = theta[k] - width / 2, high = theta[k] + width / 2, slope = 1 / width, gu[LANES] = {0}, carry[LANES] = {0};
        for (int64_t t = 0; t < steps; t++) {
            const REAL *xt = x + t * stride;
#pragma GCC ivdep
            for (int i = 0; i < lanes; i++) {
                u[t][i] = decay * carry[i] + xt[i];
                carry[i] = u[t][i] > theta[k] ? (REAL)0 : u[t][i];
            }
        }
        for (int64_t t = steps - 1; t >= 0; t--) {
            const REAL *gt = g + t * n;
            REAL *gxt = gx + t * n;
#pragma GCC ivdep
            for (int i = 0; i < lanes; i++) {
                REAL v = u[t][i], c = decay * gu[i], inside = (gt[i] - c * v) * slope;
                REAL through = v > low ? inside : (REAL)0;
                through = v < high ? through : (REAL)0;
                gu[i] = through + (v > theta[k] ? (REAL)0 : c);
                gxt[i] = k ? gxt[i] + gu[i] : gu[i];
            }
        }
    }
}

static inline __attribute__((always_inline)) void NAME(normalise_block)(
    const REAL *restrict x, REAL (*y)[LANES], int64_t n, int64_t steps, REAL mean, REAL scale, REAL shift, int lanes)
{
    for (int64_t t = 0; t < steps; t++)
        for (int i = 0; i < lanes; i++)
            y[t][i] = (x[t * n + i] - mean) * scale + shift;
}

static inline void NAME(sum_plane)(
    const REAL *restrict gx, const REAL *restrict x, int64_t n, int64_t steps, int64_t plane, REAL mean, double *sum, double *product)
{
    double s[SUMS] = {0}, p[SUMS] = {0};
    for (int64_t t = 0; t < steps; t++, x += n, gx += n) {
        int64_t i = 0;
        for (; i + SUMS <= plane; i += SUMS)
            for (int l = 0; l < SUMS; l++) {
                s[l] += gx[i + l];
                p[l] += gx[i + l] * (x[i + l] - mean);
            }
        for (; i < plane; i++) {
            s[0] += gx[i];
            p[0] += gx[i] * (x[i] - mean);
        }
    }
    for (int half = SUMS / 2; half; half /= 2)
        for (int l = 0; l < half; l++) {
            s[l] += s[l + half];
            p[l] += p[l + half];
        }
    *sum = s[0];
    *product = p[0];
}

void NAME(mlf_fire)(
    const REAL *restrict x, REAL *restrict o, int64_t n, int64_t steps, int64_t levels, const REAL *theta, double decay, int threads)
{
    int64_t whole = n / LANES * LANES;
#pragma omp parallel for schedule(static) num_threads(threads) if (n * steps > 16384)
    for (int64_t i = 0; i < whole; i += LANES)
        NAME(fire_block)(x + i, n, o + i, n, steps, levels, theta, (REAL)decay, LANES);
    NAME(fire_block)(x + whole, n, o + whole, n, steps, levels, theta, (REAL)decay, (int)(n - whole));
}

void NAME(mlf_back)(
    const REAL *restrict x, const REAL *restrict g, REAL *restrict gx, int64_t n, int64_t steps, int64_t levels, const REAL *theta, double decay,
    double width, int threads)
{
    int64_t whole = n / LANES * LANES;
#pragma omp parallel num_threads(threads) if (n * steps > 16384)
    {
        REAL (*u)[LANES] = malloc(steps * sizeof *u); /* not on the stack, which many steps overflow */
#pragma omp for schedule(static)
        for (int64_t i = 0; i < whole; i += LANES)
            NAME(back_block)(x + i, n, g + i, gx + i, n, steps, levels, theta, (REAL)decay, (REAL)width, u, LANES);
        free(u);
    }
    REAL (*u)[LANES] = malloc(steps * sizeof *u);
    NAME(back_block)
    (x + whole, n, g + whole, gx + whole, n, steps, levels, theta, (REAL)decay, (REAL)width, u, (int)(n - whole));
    free(u);
}

void NAME(mlf_fire_norm)(
    const REAL *restrict x, REAL *restrict o, const REAL *mean, const REAL *scale, const REAL *shift, int64_t rows,
    int64_t channels, int64_t plane, int64_t steps, int64_t levels, const REAL *theta, double decay, int threads)
{
    int64_t n = rows * channels * plane;
#pragma omp parallel num_threads(threads) if (n * steps > 16384)
    {
        REAL (*y)[LANES] = malloc(steps * sizeof *y);
#pragma omp for schedule(static)
        for (int64_t p = 0; p < rows * channels; p++) {
            REAL m = mean[p % channels], s = scale[p % channels], b = shift[p % channels];
            int64_t i = p * plane, end = i + plane;
            for (; i + LANES <= end; i += LANES) {
                NAME(normalise_block)(x + i, y, n, steps, m, s, b, LANES);
                NAME(fire_block)(y[0], LANES, o + i, n, steps, levels, theta, (REAL)decay, LANES);
            }
            if (i < end) {
                NAME(normalise_block)(x + i, y, n, steps, m, s, b, (int)(end - i));
                NAME(fire_block)(y[0], LANES, o + i, n, steps, levels, theta, (REAL)decay, (int)(end - i));
            }
        }
        free(y);
    }
}

void NAME(mlf_back_norm)(
    const REAL *restrict x, const REAL *restrict g, REAL *restrict gx, double *sums, const REAL *mean, const REAL *scale, const REAL *shift,
    int64_t rows, int64_t channels, int64_t plane, int64_t steps, int64_t levels, const REAL *theta, double decay,
    double width, int threads)
{
    int64_t n = rows * channels * plane;
#pragma omp parallel num_threads(threads) if (n * steps > 16384)
    {
        REAL (*y)[LANES] = malloc(2 * steps * sizeof *y), (*u)[LANES] = y + steps;
#pragma omp for schedule(static)
        for (int64_t p = 0; p < rows * channels; p++) {
            REAL m = mean[p % channels], s = scale[p % channels], b = shift[p % channels];
            int64_t i = p * plane, end = i + plane;
            for (; i + LANES <= end; i += LANES) {
                NAME(normalise_block)(x + i, y, n, steps, m, s, b, LANES);
                NAME(back_block)(y[0], LANES, g + i, gx + i, n, steps, levels, theta, (REAL)decay, (REAL)width, u, LANES);
            }
            if (i < end) {
                NAME(normalise_block)(x + i, y, n, steps, m, s, b, (int)(end - i));
                NAME(back_block)(y[0], LANES, g + i, gx + i, n, steps, levels, theta, (REAL)decay, (REAL)width, u, (int)(end - i));
            }
            NAME(sum_plane)(gx + p * plane, x + p * plane, n, steps, plane, m, sums + p, sums + rows * channels + p);
        }
        free(y);
    }
}

#endif
