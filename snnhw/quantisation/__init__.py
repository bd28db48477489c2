"""From floats to Loihi integers: measure, search scales, round, fine-tune, and measure the loss."""

CALIBRATION_SAMPLES = 256  # of training data, which fix the scales where nobody says how many
