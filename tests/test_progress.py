"""The one kind of progress callback, fed by batch sizes or by what is finished."""

from snnhw.progress import counter, staged


def test_batch_sizes_add_up_under_the_name_of_the_stage():
    seen = []
    tick = counter(lambda *entry: seen.append(entry), "simulation", 70)
    for size in (32, 32, 6):
        tick(size)
    assert seen == [("simulation", 32, 70), ("simulation", 64, 70), ("simulation", 70, 70)]


def test_counts_pass_through_under_the_name_of_the_stage():
    seen = []
    staged(lambda *entry: seen.append(entry), "Lava")(3, 5)
    assert seen == [("Lava", 3, 5)]


def test_without_a_listener_there_is_nothing_to_call():
    assert counter(None, "simulation", 3) is None and staged(None, "Lava") is None
