"""What holds alike for all networks of a study, and what does not; stands with its numbers wherever they go."""

from __future__ import annotations

ASSUMES = (
    "Alike for all networks of a recipe: layers and number of parameters, steps of the optimiser at every fraction, "
    "batch, optimiser, schedule, augmentation, samples of a fraction and their order at a seed, the test samples.",
    "Not alike: rate, decay and augmentation come from recipes of MLF networks and were tuned for no other; a step "
    "costs a spiking network T passes and the ReLU twin one; the twin normalises with batch norm where they have "
    "tdBN, begins with weights of its own draw, and sees events summed into one frame.",
    "A batch shows samples of small fractions several times, augmented anew each time; at a fixed number of steps a "
    "large fraction may not be shown once as a whole, so that more data cannot help there.",
    "Intervals are of the mean over seeds at 95 %, by Student's t: weights, order and which samples a fraction has. "
    "The test samples are the same for all seeds, so their own sampling error comes on top. Each interval is for "
    "itself: of twenty without any difference one is expected to leave out zero.",
    "Energies are of one inference, not of training: the spikes of the first test samples on the profile; the ANN "
    "column is the ReLU network of the same layers on the technologies that the profile names. Accuracies are those "
    "of floats, energies may be of integers.",
)
