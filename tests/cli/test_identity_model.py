"""`muniment identity model`: shown, estimated, simulated, applied as one act, taken back."""

import json

import pytest


def test_a_model_is_estimated_simulated_applied_listed_and_undone(change, tmp_path):
    before = change("fingerprint", "--ids").out
    assert "The match model: as shipped" in change("identity", "model", "show").out
    estimated = change("identity", "model", "estimate", "--json").json
    assert estimated["origin"] == "estimated"
    strict = tmp_path / "strict.json"
    strict.write_text(json.dumps({**estimated, "threshold": 50}))
    simulated = change("identity", "model", "simulate", strict)
    assert simulated.code == 0, simulated.err
    assert "Simulated, nothing kept" in simulated.out
    assert change("fingerprint", "--ids").out == before
    assert "applied the match model (act " in change("identity", "model", "apply", strict, "--reason", "a trial").out
    assert change("fingerprint", "--ids").out != before
    assert change("identity", "model", "show", "--json").json["version"] == 1
    listed = change("identity", "model", "history").out
    assert "in force" in listed
    assert "a trial" in listed
    assert "says so already" in change("identity", "model", "apply", strict).err
    assert change("undo").code == 0
    assert change("fingerprint", "--ids").out == before
    assert [one["state"] for one in change("identity", "model", "history", "--json").json] == ["undone", "in force"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "it is no JSON object"),
        ("{", "is no match model"),
        ('{"weights": {"serial": {"group": "hardware", "agree": 1, "disagree": 1}}}', "does not fit this version"),
        ('{"luck": 7}', "does not fit this version"),
    ],
)
def test_what_is_no_model_is_refused(change, tmp_path, content, says):
    file = tmp_path / "model.json"
    file.write_text(content)
    assert says in " ".join(change("identity", "model", "simulate", file).err.split())


def test_a_version_that_never_was_is_not_found(change):
    assert "has no version 7" in change("identity", "model", "apply", "--version", "7").err
