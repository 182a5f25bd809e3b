"""`muniment conflicts groups` and `apply`, as people and programs call them."""

import pytest


def test_groups_say_what_there_is_and_what_to_do(look):
    listed = look("conflicts", "groups")
    assert listed.code == 0
    body = look("conflicts", "groups", "--json").json
    assert body["open"] >= body["grouped"] == sum(group["conflicts"] for group in body["groups"])


@pytest.mark.parametrize("word", ["nothing/like/this", "zz"])
def test_a_group_nobody_knows_is_refused_with_the_way_to_the_list(look, word):
    refused = look("conflicts", "apply", word)
    assert refused.code == 3
    assert "conflicts groups" in refused.err
