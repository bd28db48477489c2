"""Which implementation does the work: the first that can, and the last one always can."""

import pytest
import torch

from snnhw.nn.kernels import LOOPS, PASSES, loops, loops_for, native, passes_for, tdbn_native, tdbn_operators


@pytest.mark.parametrize(("choose", "table", "last"), [(loops_for, LOOPS, loops), (passes_for, PASSES, tdbn_operators)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_first_that_is_usable_is_taken_and_the_last_is_always_usable(choose, table, last, dtype):
    x = torch.zeros(2, 3, dtype=dtype)
    chosen = choose(x)
    assert table[-1] is last and last.usable(x)
    assert [one.usable(x) for one in table[: table.index(chosen)]] == [False] * table.index(chosen)
    assert chosen.usable(x)


@pytest.mark.parametrize(
    ("choose", "compiled", "shape"), [(loops_for, native, (2, 3)), (passes_for, tdbn_native, (2, 3, 4, 4))]
)
def test_the_loops_in_c_take_the_types_of_training_on_the_cpu_and_no_others(choose, compiled, shape):
    kinds = {dtype: choose(torch.zeros(shape, dtype=dtype)) is compiled for dtype in (torch.float32, torch.float16)}
    assert kinds == {torch.float32: True, torch.float16: False}
