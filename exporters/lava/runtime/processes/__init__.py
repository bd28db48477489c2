"""Our Lava processes, alone in this folder because Lava executes every file beside a process when it compiles.

For the same reason each file holds a process together with its models and imports no sibling.
"""
