"""The examination on the command line: a row for each thing, and the exit code that goes with it."""


def test_what_is_needed_decides_the_exit_code(call, monkeypatch):
    monkeypatch.setenv("SNNHW_LAVA_PYTHON", "/no/such/python")
    monkeypatch.delenv("SNNHW_MAX_GIB", raising=False)
    rows = {row["name"]: row for row in call("doctor", "--json")["examined"]}
    assert rows["python"]["works"] and not rows["Lava"]["works"]
    monkeypatch.setenv("SNNHW_MAX_GIB", "0")
    said = " ".join(call("doctor", code=1).split())
    assert "mend the variable" in said and "run snnhw lava install" in said
