"""What runs in the Lava interpreter: needs numpy and lava-nc, not snnhw.

Imports inside are relative, so that the folder works under any name, e.g. copied beside a deployed network.
"""
