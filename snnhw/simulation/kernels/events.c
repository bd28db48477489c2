/* Convolution of spikes, event by event; compiled for float and for double.
 *
 *   y[f, o, i, j] = bias[o] + sum over (r, s, c) with x[f, c, i*sy - py + r*dy, j*sx - px + s*dx] != 0 of
 *                   weight[o, c, r, s] * x[f, c, ...]
 *
 * Work grows with the number of spikes, not with the number of inputs. The order of the sum depends on the frame
 * alone, so that it gets the same bits in any batch and on any number of threads.
 *
 * Arrays: x [frames, in, h, w], y [frames, out, oh, ow], weight [out / lanes, r, s, in, lanes] padded with zeros, bias
 * [out padded to lanes]. A frame is first turned into lists, one for each CHUNK of channels: its events pixel by pixel,
 * so that those under one row of the kernel are neighbours. The weights of a kernel row and a chunk and the sums of a
 * TILE of output pixels stay close to the processor.
 */
#ifndef REAL

#include <stdint.h>
#include <stdlib.h>
#ifdef __GNUC__
#pragma GCC optimize("fp-contract=fast")
#endif

#define WIDTH 32 /* bytes of a vector */
#define STRIP (WIDTH / SIZE)
#define CHUNK 32 /* bits of a word */
#define TILE 32

typedef struct {
    int64_t frames, in, h, w, out, oh, ow, rows, columns, sy, sx, py, px, dy, dx;
} shape;

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define SHUFFLE __builtin_shufflevector
#endif
#endif

#define REAL float
#define NAME(f) f##_float
#define SIZE 4
#define BITS uint32_t
#ifdef SHUFFLE /* elements of a and b in turn */
#define FIRST_HALVES(a, b) SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define SECOND_HALVES(a, b) SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#endif
#include "events.c"
#undef REAL
#undef NAME
#undef SIZE
#undef BITS
#undef FIRST_HALVES
#undef SECOND_HALVES
#define REAL double
#define NAME(f) f##_double
#define SIZE 8
#define BITS uint64_t
#ifdef SHUFFLE
#define FIRST_HALVES(a, b) SHUFFLE(a, b, 0, 4, 1, 5)
#define SECOND_HALVES(a, b) SHUFFLE(a, b, 2, 6, 3, 7)
#endif
#include "events.c"

#else

typedef REAL NAME(vector) __attribute__((vector_size(WIDTH), aligned(SIZE)));
typedef BITS NAME(bits) __attribute__((vector_size(WIDTH)));
typedef struct {
    int32_t at; /* column * in + channel: where its weights are, counted in rows of `lanes` from those of column 0 */
    REAL value;
} NAME(event);

/* Events of one frame. Those of chunk q begin at events + q * CHUNK * pixels; those of its pixel p are number
 * start[q * (pixels + 1) + p] to start[q * (pixels + 1) + p + 1]. */
static void NAME(list)(const REAL *x, const shape *s, NAME(event) *events, int32_t *start)
{
    int64_t pixels = s->h * s->w;
    for (int64_t first = 0; first < s->in; first += CHUNK, events += CHUNK * pixels, start += pixels + 1) {
        int channels = (int)(s->in - first < CHUNK ? s->in - first : CHUNK);
        int32_t n = 0;
        for (int64_t p0 = 0; p0 < pixels; p0 += STRIP) {
            int strip = (int)(pixels - p0 < STRIP ? pixels - p0 : STRIP);
            NAME(vector) tile[CHUNK]; /* STRIP pixels of a channel */
            NAME(bits) spikes = {0};  /* bit c of lane p: channel c spikes at pixel p0 + p */
            for (int c = 0; c < channels; c++) {
                const REAL *row = x + (first + c) * pixels + p0;
                if (strip == STRIP)
                    tile[c] = *(const NAME(vector) *)row;
                else
                    for (int p = 0; p < STRIP; p++)
                        tile[c][p] = p < strip ? row[p] : 0;
                spikes |= (NAME(bits))(tile[c] != 0) & ((BITS)1 << c);
            }
            for (int p = 0; p < strip; p++) {
                int32_t at = (int32_t)((p0 + p) % s->w * s->in + first);
                start[p0 + p] = n;
                for (uint32_t left = (uint32_t)spikes[p]; left; left &= left - 1) {
                    int c = __builtin_ctz(left);
                    events[n++] = (NAME(event)){at + c, ((const REAL *)(tile + c))[p]};
                }
            }
        }
        start[pixels] = n;
    }
}

/* sums[lanes] += weight * value over n events, all sums in registers. */
#define VECTORS(lanes) ((lanes) * SIZE / WIDTH)
static inline __attribute__((always_inline)) void NAME(gather)(
    REAL *sums, const REAL *weight, const NAME(event) *events, int32_t n, const int lanes)
{
    NAME(vector) a[VECTORS(lanes)];
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS(lanes); v++)
        a[v] = ((const NAME(vector) *)sums)[v];
    for (const NAME(event) *e = events; e < events + n; e++) {
        const NAME(vector) *row = (const NAME(vector) *)(weight + (int64_t)e->at * lanes);
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS(lanes); v++)
            a[v] += row[v] * e->value;
    }
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS(lanes); v++)
        ((NAME(vector) *)sums)[v] = a[v];
}

/* y[l * step + p] = sums[p * lanes + l], squares of STRIP by STRIP in registers. */
static inline __attribute__((always_inline)) void NAME(write)(
    REAL *y, int64_t step, const REAL *sums, const int lanes, int64_t pixels, int64_t used)
{
    int64_t p0 = 0;
#ifdef FIRST_HALVES
    for (; p0 + STRIP <= pixels; p0 += STRIP) {
        int64_t l0 = 0;
        for (; l0 + STRIP <= used; l0 += STRIP) {
            NAME(vector) a[STRIP], b[STRIP];
#pragma GCC unroll 8
            for (int k = 0; k < STRIP; k++)
                a[k] = *(const NAME(vector) *)(sums + (p0 + k) * lanes + l0);
#pragma GCC unroll 3
            for (int round = 1; round < STRIP; round *= 2) {
#pragma GCC unroll 8
                for (int k = 0; k < STRIP / 2; k++) {
                    b[2 * k] = FIRST_HALVES(a[k], a[k + STRIP / 2]);
                    b[2 * k + 1] = SECOND_HALVES(a[k], a[k + STRIP / 2]);
                }
#pragma GCC unroll 8
                for (int k = 0; k < STRIP; k++)
                    a[k] = b[k];
            }
#pragma GCC unroll 8
            for (int k = 0; k < STRIP; k++)
                *(NAME(vector) *)(y + (l0 + k) * step + p0) = a[k];
        }
        for (; l0 < used; l0++)
            for (int k = 0; k < STRIP; k++)
                y[l0 * step + p0 + k] = sums[(p0 + k) * lanes + l0];
    }
#endif
    for (int64_t l = 0; l < used; l++)
        for (int64_t p = p0; p < pixels; p++)
            y[l * step + p] = sums[p * lanes + l];
}

static inline __attribute__((always_inline)) void NAME(frame)(
    const shape *s, REAL *y, const REAL *weight, const REAL *bias, const NAME(event) *events, const int32_t *start,
    REAL *sums, const int lanes)
{
    int64_t pixels = s->h * s->w, tap = s->in * lanes;
    int64_t wide = s->ow < TILE ? s->ow : TILE, high = TILE / wide;
    int64_t together = s->dx == 1 ? s->columns : 1; /* columns of the kernel whose pixels are neighbours */
    for (int64_t block = 0; block * lanes < s->out; block++, weight += s->rows * s->columns * tap)
        for (int64_t i0 = 0; i0 < s->oh; i0 += high)
            for (int64_t j0 = 0; j0 < s->ow; j0 += wide) {
                int64_t i1 = i0 + high < s->oh ? i0 + high : s->oh, j1 = j0 + wide < s->ow ? j0 + wide : s->ow;
                for (int64_t p = 0; p < (i1 - i0) * wide; p++)
                    for (int l = 0; l < lanes; l++)
                        sums[p * lanes + l] = bias[block * lanes + l];
                for (int64_t q = 0; q * CHUNK < s->in; q++)
                    for (int64_t r = 0; r < s->rows; r++)
                        for (int64_t c = 0; c < s->columns; c += together)
                            for (int64_t i = i0; i < i1; i++) {
                                int64_t row = i * s->sy - s->py + r * s->dy;
                                if (row < 0 || row >= s->h)
                                    continue;
                                const int32_t *n = start + q * (pixels + 1) + row * s->w;
                                for (int64_t j = j0; j < j1; j++) {
                                    int64_t left = j * s->sx - s->px + c * s->dx, right = left + together;
                                    int64_t from = left < 0 ? 0 : left, to = right > s->w ? s->w : right;
                                    if (from < to && n[from] < n[to])
                                        NAME(gather)(sums + ((i - i0) * wide + j - j0) * lanes,
                                                     weight + (r * s->columns + c - left) * tap,
                                                     events + q * CHUNK * pixels + n[from], n[to] - n[from], lanes);
                                }
                            }
                int64_t left = s->out - block * lanes, used = left < lanes ? left : lanes;
                for (int64_t i = i0; i < i1; i++)
                    NAME(write)(y + (block * lanes * s->oh + i) * s->ow + j0, s->oh * s->ow,
                                sums + (i - i0) * wide * lanes, lanes, j1 - j0, used);
            }
}

/* 0, or 1 where there is no memory for the lists. `lanes` is one of the widths that events.py packs weights for. */
int NAME(convolve)(const REAL *x, REAL *y, const REAL *weight, const REAL *bias, const shape *s, int lanes, int threads)
{
    int failed = 0;
    int64_t pixels = s->h * s->w, chunks = (s->in + CHUNK - 1) / CHUNK;
#pragma omp parallel num_threads(threads) if (s->frames > 1)
    {
        NAME(event) *events = malloc((size_t)(pixels * chunks * CHUNK) * sizeof *events);
        int32_t *start = malloc((size_t)((pixels + 1) * chunks) * sizeof *start);
        REAL *sums = malloc((size_t)(TILE * lanes) * sizeof *sums);
        int usable = events && start && sums;
        if (!usable) {
#pragma omp atomic write
            failed = 1;
        }
#pragma omp for schedule(dynamic)
        for (int64_t f = 0; f < s->frames; f++) {
            if (!usable)
                continue;
            REAL *out = y + f * s->out * s->oh * s->ow;
            NAME(list)(x + f * s->in * pixels, s, events, start);
            if (lanes == 2 * WIDTH / SIZE)
                NAME(frame)(s, out, weight, bias, events, start, sums, 2 * WIDTH / SIZE);
            else if (lanes == 4 * WIDTH / SIZE)
                NAME(frame)(s, out, weight, bias, events, start, sums, 4 * WIDTH / SIZE);
            else
                NAME(frame)(s, out, weight, bias, events, start, sums, 8 * WIDTH / SIZE);
        }
        free(events);
        free(start);
        free(sums);
    }
    return failed;
}

#endif
