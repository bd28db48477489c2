/* The passes of tdBN over a batch [rows, channels, plane], one channel on one thread; compiled for float and for double.
 *
 *   mean = <x>;  var = <(x - mean)^2>;  y = (x - mean) * scale + shift
 *   dL/dx = scale * ((g - <g>) - (x - mean) * pull),  pull being (r / sigma) <g (x - mean)>
 *
 * Sums are taken in double: LANES of them at once, so that they become vector instructions; the same bits on any number
 * of threads. The two passes of the statistics read a channel again while it is still in the second-level cache.
 */
#ifndef REAL

#include <stdint.h>
#define LANES 32
#define REAL float
#define NAME(f) f##_float
#include "tdbn.c"
#undef REAL
#undef NAME
#define REAL double
#define NAME(f) f##_double
#include "tdbn.c"

#else

static inline double NAME(total)(const double *lanes, double rest)
{
    for (int i = 0; i < LANES; i++)
        rest += lanes[i];
    return rest;
}

static inline double NAME(sum)(const REAL *x, int64_t rows, int64_t stride, int64_t plane)
{
    double lanes[LANES] = {0}, rest = 0;
    for (int64_t r = 0; r < rows; r++) {
        const REAL *p = x + r * stride;
        int64_t j = 0;
        for (; j + LANES <= plane; j += LANES)
            for (int i = 0; i < LANES; i++)
                lanes[i] += p[j + i];
        for (; j < plane; j++)
            rest += p[j];
    }
    return NAME(total)(lanes, rest);
}

static inline double NAME(squares)(const REAL *x, double mean, int64_t rows, int64_t stride, int64_t plane)
{
    double lanes[LANES] = {0}, rest = 0;
    for (int64_t r = 0; r < rows; r++) {
        const REAL *p = x + r * stride;
        int64_t j = 0;
        for (; j + LANES <= plane; j += LANES)
            for (int i = 0; i < LANES; i++) {
                double d = p[j + i] - mean;
                lanes[i] += d * d;
            }
        for (; j < plane; j++)
            rest += (p[j] - mean) * (p[j] - mean);
    }
    return NAME(total)(lanes, rest);
}

static inline double NAME(products)(
    const REAL *g, const REAL *x, REAL mean, int64_t rows, int64_t stride, int64_t plane)
{
    double lanes[LANES] = {0}, rest = 0;
    for (int64_t r = 0; r < rows; r++) {
        const REAL *p = x + r * stride, *q = g + r * stride;
        int64_t j = 0;
        for (; j + LANES <= plane; j += LANES)
            for (int i = 0; i < LANES; i++)
                lanes[i] += q[j + i] * (p[j + i] - mean);
        for (; j < plane; j++)
            rest += q[j] * (p[j] - mean);
    }
    return NAME(total)(lanes, rest);
}

void NAME(tdbn_statistics)(
    const REAL *x, REAL *mean, REAL *var, int64_t rows, int64_t channels, int64_t plane, int threads)
{
#pragma omp parallel for schedule(static) num_threads(threads) if (rows * channels * plane > 16384)
    for (int64_t c = 0; c < channels; c++) {
        const REAL *p = x + c * plane;
        double count = (double)rows * (double)plane;
        double m = NAME(sum)(p, rows, channels * plane, plane) / count;
        mean[c] = (REAL)m;
        var[c] = (REAL)(NAME(squares)(p, m, rows, channels * plane, plane) / count);
    }
}

void NAME(tdbn_affine)(
    const REAL *restrict x, REAL *restrict y, const REAL *mean, const REAL *scale, const REAL *shift, int64_t rows,
    int64_t channels, int64_t plane, int threads)
{
#pragma omp parallel for schedule(static) num_threads(threads) if (rows * channels * plane > 16384)
    for (int64_t i = 0; i < rows * channels; i++) {
        int64_t a = i * plane, c = i % channels;
        REAL m = mean[c], s = scale[c], b = shift[c];
        for (int64_t j = 0; j < plane; j++)
            y[a + j] = (x[a + j] - m) * s + b;
    }
}

void NAME(tdbn_sums)(
    const REAL *x, const REAL *g, const REAL *mean, REAL *sums, int64_t rows, int64_t channels, int64_t plane, int threads)
{
#pragma omp parallel for schedule(static) num_threads(threads) if (rows * channels * plane > 16384)
    for (int64_t c = 0; c < channels; c++) {
        int64_t a = c * plane, stride = channels * plane;
        sums[c] = (REAL)NAME(sum)(g + a, rows, stride, plane);
        sums[channels + c] = (REAL)NAME(products)(g + a, x + a, mean[c], rows, stride, plane);
    }
}

void NAME(tdbn_gradient)(
    const REAL *x, const REAL *g, REAL *gx, const REAL *mean, const REAL *scale, const REAL *mean_g,
    const REAL *pull, int64_t rows, int64_t channels, int64_t plane, int threads)
{
#pragma omp parallel for schedule(static) num_threads(threads) if (rows * channels * plane > 16384)
    for (int64_t i = 0; i < rows * channels; i++) {
        int64_t a = i * plane, c = i % channels;
        REAL m = mean[c], s = scale[c], level = mean_g[c], slope = pull[c];
#pragma GCC ivdep /* gx may be g */
        for (int64_t j = 0; j < plane; j++)
            gx[a + j] = ((g[a + j] - level) - (x[a + j] - m) * slope) * s;
    }
}

#endif
