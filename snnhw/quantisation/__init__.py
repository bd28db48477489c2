"""From floats to Loihi integers: measure, search scales, round, fine-tune, and measure the loss."""
