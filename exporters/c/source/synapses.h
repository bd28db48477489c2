/* Layers with weights of the type WEIGHT, each as a dense loop and as one that runs through what is not 0.
 *
 * Included once for each type of weights that a network has; NAMED(x) is x with the type behind it. All of them set
 * `sums` to the sums of packed weights, which `finish` turns into weight units.
 */

/* Weights [outputs][inputs]. */
static inline void NAMED(matrix)(const WEIGHT *weights, const value_t *from, int32_t inputs, int32_t *sums,
                                 int32_t outputs)
{
    for (int32_t o = 0; o < outputs; o++) {
        int32_t sum = 0;
        for (int32_t i = 0; i < inputs; i++)
            sum += (int32_t)from[i] * weights[o * inputs + i];
        sums[o] = sum;
    }
}

/* Weights [inputs][outputs]. */
static inline void NAMED(matrix_events)(const WEIGHT *weights, const value_t *from, int32_t inputs, int32_t *sums,
                                        int32_t outputs)
{
    clear_sums(sums, outputs);
    for (int32_t i = 0; i < inputs; i++) {
        const int32_t value = from[i];
        if (value == 0)
            continue;
        for (int32_t o = 0; o < outputs; o++)
            sums[o] += value * weights[i * outputs + o];
    }
}

/* Weights [outputs][channels of a group][kernel height][kernel width]. */
static inline void NAMED(convolution)(const WEIGHT *weights, const window_t *w, const value_t *from, int32_t *sums)
{
    const int32_t taken = w->channels / w->groups, given = w->outputs / w->groups;
    clear_sums(sums, w->outputs * w->rows * w->columns);
    for (int32_t o = 0; o < w->outputs; o++) {
        int32_t *plane = sums + o * w->rows * w->columns;
        for (int32_t i = 0; i < taken; i++) {
            const value_t *image = from + (o / given * taken + i) * w->height * w->width;
            for (int32_t ky = 0; ky < w->kernel[0]; ky++) {
                const int32_t top = ky * w->dilation[0] - w->padding[0];
                const span_t rows = span_of(w->rows, top, w->stride[0], w->height);
                for (int32_t kx = 0; kx < w->kernel[1]; kx++) {
                    const int32_t left = kx * w->dilation[1] - w->padding[1], weight = *weights++;
                    const span_t columns = span_of(w->columns, left, w->stride[1], w->width);
                    if (weight == 0)
                        continue;
                    for (int32_t y = rows.first; y < rows.end; y++) {
                        const int32_t line = (y * w->stride[0] + top) * w->width + left;
                        for (int32_t x = columns.first; x < columns.end; x++)
                            plane[y * w->columns + x] += weight * image[line + x * w->stride[1]];
                    }
                }
            }
        }
    }
}

/* Weights [channels][kernel height][kernel width][outputs of a group]. All outputs of a place lie beside each other in
 * `spread` while events are followed, which caches like, and are brought into the order of `sums` then.
 */
static inline void NAMED(convolution_events)(const WEIGHT *weights, const window_t *w, const value_t *from,
                                             int32_t *sums, int32_t *spread)
{
    const int32_t taken = w->channels / w->groups, given = w->outputs / w->groups, area = w->rows * w->columns;
    clear_sums(spread, w->outputs * area);
    for (int32_t c = 0; c < w->channels; c++) {
        for (int32_t at = 0; at < w->height * w->width; at++) {
            const int32_t value = from[c * w->height * w->width + at];
            if (value == 0)
                continue;
            for (int32_t ky = 0; ky < w->kernel[0]; ky++) {
                const int32_t down = at / w->width + w->padding[0] - ky * w->dilation[0];
                if (down < 0 || down % w->stride[0] != 0 || down / w->stride[0] >= w->rows)
                    continue;
                for (int32_t kx = 0; kx < w->kernel[1]; kx++) {
                    const int32_t right = at % w->width + w->padding[1] - kx * w->dilation[1];
                    if (right < 0 || right % w->stride[1] != 0 || right / w->stride[1] >= w->columns)
                        continue;
                    const WEIGHT *weight = weights + ((c * w->kernel[0] + ky) * w->kernel[1] + kx) * given;
                    const int32_t place = down / w->stride[0] * w->columns + right / w->stride[1];
                    int32_t *to = spread + place * w->outputs + c / taken * given;
                    for (int32_t o = 0; o < given; o++)
                        to[o] += value * weight[o];
                }
            }
        }
    }
    for (int32_t o = 0; o < w->outputs; o++)
        for (int32_t i = 0; i < area; i++)
            sums[o * area + i] = spread[i * w->outputs + o];
}
