"""The forward question, as people ask it."""


def test_impact_shows_what_rests_on_a_source_and_what_would_change(change):
    told = change("impact", "--source", "scan")
    assert told.code == 0
    assert "Were the source scan wrong" in told.out
    assert "Values of 4 assets rest on it" in told.out
    assert "Simulated, nothing kept: the register without the source scan" in told.out
    body = change("impact", "--source", "scan", "--json").json
    assert body["then"]["values"]["mac_address"] == 4


def test_impact_of_a_column_and_a_row(change):
    assert "would change" in change("impact", "--column", "sheet:Tags").out
    quick = change("impact", "--row", "scan-1.csv:2", "--quick").out
    assert "would change" not in quick
    assert "app02" in quick
    assert change("impact", "--row", "scan-1.csv").code == 2
