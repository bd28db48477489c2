from hypothesis import given
from hypothesis import strategies as st

from snnhw.train.epoch import EpochSize
from snnhw.train.finish import best_epoch, card_of
from snnhw.train.recipe import recipe_from
from snnhw.train.splits import load_splits, network_of
from tests.train.small import SMALL

FULL, SHORT = EpochSize(2, 8), EpochSize(1, 8)
ROW = st.tuples(st.sampled_from([0.5, 0.6, 0.7]), st.sampled_from([1.0, 2.0]), st.booleans())


@given(st.lists(ROW, max_size=8), st.booleans())
def test_the_best_epoch_is_the_last_of_the_best_ones_of_full_size(drawn, held_out):
    kind = "validation" if held_out else "train"
    rows = [{"train_accuracy": 0.9, "train_loss": 0.0, f"{kind}_accuracy": a, f"{kind}_loss": b} for a, b, _ in drawn]
    sizes = [SHORT if short else FULL for _, _, short in drawn] + [FULL]
    allowed = [i for i in range(len(rows)) if sizes[i] == FULL]
    found = best_epoch(rows, sizes)
    if not allowed:
        assert found == -1
        return
    best = max(drawn[i][0] for i in allowed)
    least = min(drawn[i][1] for i in allowed if drawn[i][0] == best)
    assert found == [i for i in allowed if drawn[i][:2] == (best, least)][-1]


def test_the_card_says_what_the_run_was():
    recipe = recipe_from(SMALL)
    splits = load_splits(recipe)
    network = network_of(recipe, splits.train)
    rows = [{"seconds": 1.25}, {"seconds": 2.0, "validation_accuracy": 0.5}]
    card = card_of(recipe, network, splits, rows, rows[1], 0.4)
    assert (card.accuracy, card.validation_accuracy, card.seconds, card.timesteps) == (0.4, 0.5, 3.2, 2)
    assert card.parameters == sum(p.numel() for p in network.parameters())
    assert card.test_checksum == splits.test.checksum != card.data_checksum
    assert card_of(recipe, network, splits, rows, rows[0], 0.4).validation_accuracy is None
