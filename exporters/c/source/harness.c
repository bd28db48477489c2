/* Runs the example, compares every spike of every population and the output, and says how many differ.
 *
 * Ends with 0 where all are as expected, with 1 where one is not.
 */
#include <stdio.h>

#include "network.h"

#include "example.h"

static int sample_now, step_now;
static long compared, fired, differing;

void network_observe(int population, const network_value_t *spikes, int size)
{
    const long frame = (long)sample_now * NETWORK_TIMESTEPS + step_now;
    for (int i = 0; i < size; i++) {
        const long bit = frame * SPIKES_OF_A_STEP + populations[population].first + i;
        const int expected = expected_spikes[bit / 8] >> (bit % 8) & 1;
        compared++;
        fired += expected;
        if (expected == spikes[i])
            continue;
        if (differing++ == 0)
            printf("first difference: sample %d, step %d, %s, neuron %d: %d where %d is expected\n", sample_now,
                   step_now, populations[population].name, i, (int)spikes[i], expected);
    }
}

int main(void)
{
    static network_output_t output[NETWORK_OUTPUT_SIZE];
    long outputs_differing = 0;
    for (sample_now = 0; sample_now < SAMPLES; sample_now++) {
        network_reset();
        for (step_now = 0; step_now < NETWORK_TIMESTEPS; step_now++) {
            const long frame = (long)sample_now * FRAMES + (FRAMES > 1 ? step_now : 0);
            network_step(stimuli + frame * NETWORK_INPUT_SIZE, output);
        }
        for (int i = 0; i < NETWORK_OUTPUT_SIZE; i++)
            outputs_differing += output[i] != expected_output[(long)sample_now * NETWORK_OUTPUT_SIZE + i];
    }
    if (compared != (long)SAMPLES * NETWORK_TIMESTEPS * SPIKES_OF_A_STEP) {
        printf("%ld neuron-steps were compared where the example has %ld\n", compared,
               (long)SAMPLES * NETWORK_TIMESTEPS * SPIKES_OF_A_STEP);
        return 1;
    }
    printf("%d samples of %d steps: %ld neuron-steps with %ld spikes compared, %ld differ; %ld outputs differ\n",
           SAMPLES, NETWORK_TIMESTEPS, compared, fired, differing, outputs_differing);
    return differing != 0 || outputs_differing != 0;
}
