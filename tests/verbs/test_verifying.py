"""verify on the command line: without Lava, with it, and with the witnesses that are named."""

import pytest


def test_verify_without_lava(call):
    out = call("verify", "digits", "--input", "digits:test", "--samples", "60", "--lava-samples", "0", "--json")
    assert out["agrees"] and [stage["differing"] for stage in out["stages"]] == [0, 0, 0, 0]
    assert all(stage["spikes"] > 100_000 for stage in out["stages"])
    assert min(out["accuracy"].values()) >= 0.95
    assert out["calibration"] == {"samples": 256, "data": "digits:test"}


@pytest.mark.lava
@pytest.mark.slow
def test_verify_with_lava(call):
    command = ("verify", "digits", "--input", "digits:test", "--calibrate", "digits:train", "--samples", "5")
    out = call(*command, "--lava-samples", "5", "--json")
    assert out["agrees"]
    last = out["stages"][-1]
    assert (last["candidate"], last["samples"], last["differing"]) == ("Lava fixed point", 5, 0)
    assert last["logits_difference"] == 0 and last["spikes"] > 20_000


@pytest.mark.nengo
@pytest.mark.slow
def test_verify_with_others(call):
    command = ("verify", "digits", "--input", "digits:test", "--calibrate", "digits:train", "--samples", "2")
    out = call(*command, "--lava-samples", "0", "--with", "nengo-loihi, c", "--json")
    assert out["agrees"] and [stage["candidate"] for stage in out["stages"]][-2:] == ["nengo-loihi", "C"]
    assert all(stage["differing"] == 0 and stage["spikes"] > 5_000 for stage in out["stages"][-2:])


def test_an_unknown_witness_is_refused_before_anything_is_loaded(refused):
    said = refused("verify", "digits", "--input", "digits:test", "--with", "c,nengo-lohi")
    assert "did you mean 'nengo-loihi'" in said
