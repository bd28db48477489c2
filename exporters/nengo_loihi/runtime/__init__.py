"""What runs in the interpreter of nengo-loihi: needs numpy, scipy, nengo and nengo-loihi, not snnhw."""
