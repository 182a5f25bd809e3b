from muniment import model
from muniment.register.policy import HALF_LIFE_DAYS, Reliability, attribute_table, share_table


def rules(name: str) -> dict:
    return attribute_table({name: model.attribute(name)}).to_pylist()[0]


def test_every_attribute_of_the_model_has_one_row_of_rules():
    rows = attribute_table(model.attributes()).to_pylist()
    assert [row["attribute"] for row in rows] == list(model.attributes())


def test_severities_rank_the_critical_first():
    ranks = {row["severity"]: row["rank"] for row in attribute_table(model.attributes()).to_pylist()}
    assert sorted(ranks, key=ranks.get) == [name for name in ("critical", "high", "medium", "low") if name in ranks]


def test_facts_age_by_their_group_and_addresses_faster_than_names():
    assert rules("cpu_usage_percent")["half_life"] == HALF_LIFE_DAYS["utilisation"]
    assert rules("memory_mib")["half_life"] == HALF_LIFE_DAYS["hardware"]
    assert rules("ip_address")["half_life"] < rules("hostname")["half_life"] == HALF_LIFE_DAYS["identity"]


def test_every_group_of_the_model_has_a_half_life():
    assert {attribute.group for attribute in model.attributes().values()} <= set(HALF_LIFE_DAYS)


def test_prose_dates_and_measurements_are_not_searched():
    names = ("owner", "serial", "notes", "warranty_until", "cpu_usage_percent", "monthly_cost")
    assert {name for name in names if rules(name)["searchable"]} == {"owner", "serial"}


def test_identifiers_are_what_identifies():
    assert [rules(name)["identifying"] for name in ("serial", "hostname", "tags", "owner")] == [
        True,
        True,
        False,
        False,
    ]


def test_weights_keep_their_source():
    rows = share_table([Reliability("cmdb", "owner", 0.9, authoritative=True)]).to_pylist()
    assert rows == [{"source": "cmdb", "attribute": "owner", "share": 0.9}]
    assert share_table([]).num_rows == 0
