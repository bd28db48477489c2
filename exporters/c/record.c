/* Runs samples from the standard input and writes what the network does to the standard output.
 *
 * In: NETWORK_INPUT_SIZE values for each frame. Called with the number of samples and of frames of each, 1 or
 * NETWORK_TIMESTEPS. Out: for each sample the spikes of every population in every step, one byte each, then the output.
 */
#include <stdio.h>
#include <stdlib.h>

#include "network.h"

static unsigned char row[1 << 12];
static int failed;

void network_observe(int population, const network_value_t *spikes, int size)
{
    (void)population;
    for (int i = 0, n = 0; i < size; i++) {
        row[n++] = (unsigned char)spikes[i];
        if (n == (int)sizeof row || i == size - 1) {
            failed |= fwrite(row, 1, (size_t)n, stdout) != (size_t)n;
            n = 0;
        }
    }
}

int main(int count, char **arguments)
{
    static network_value_t input[NETWORK_INPUT_SIZE];
    static network_output_t output[NETWORK_OUTPUT_SIZE];
    const long samples = count > 2 ? atol(arguments[1]) : 0, frames = count > 2 ? atol(arguments[2]) : 0;
    for (long sample = 0; sample < samples && !failed; sample++) {
        network_reset();
        for (long step = 0; step < NETWORK_TIMESTEPS; step++) {
            if (step < frames)
                failed |= fread(input, sizeof input, 1, stdin) != 1;
            network_step(input, output);
        }
        failed |= fwrite(output, sizeof output, 1, stdout) != 1;
    }
    return failed;
}
