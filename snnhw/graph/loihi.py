"""Number formats of Loihi as Lava's fixed-point CPU models compute with them, each bit width named once.

Sources: lava.proc.lif.models PyLifModelBitAcc and lava.proc.conv (lava-nc 0.10.0); Davies et al., IEEE Micro 38(1),
2018. One weight unit is 64 membrane units: currents are shifted left by 6 on their way into the membrane.
"""

UNITS_PER_WEIGHT = 64
WEIGHT_LIMIT = 254  # even, symmetric, within the -256..254 of mixed-sign 8-bit weights
THRESHOLD_LIMIT = 2**17 - 1
ACCUMULATOR_LIMIT = 2**15 - 1  # weights of a step in the accumulator of nengo_loihi 1.1.0, which has 22 bits
CURRENT_LIMIT = 2**17  # |a| in weight units, below which 64*a stays inside the 24-bit current
CURRENT_RANGE = 2**24  # the current wraps
ACCUMULATOR_RANGE = 2**32  # the product of weights and activations is int32
MEMBRANE_LIMIT = 2**23 - 1  # the membrane clips, symmetrically
DECAY_ONE = 4096  # 12-bit decays
DECAY_PAIRS = 32  # different (du, dv) on a core of Loihi 1: its compartment configurations (nengo_loihi 1.1.0)
BIAS_MANT_LIMIT = 4095  # 13-bit mantissa, -4096..4095
BIAS_EXP_LIMIT = 7
INT8_LIMIT = 127  # Lava keeps kernels, strides, paddings, dilations and groups as int8 and wraps beyond without a word
