"""The cases of IT as patterns over pairs of records: each is named where it is, and nothing else is."""

import json

import pyarrow as pa
import pytest

from muniment import matching
from muniment.base import engine as engines
from muniment.matching import match_model

HARDWARE = {"serial": "CZC10001", "uuid": "4c4c4544-0001", "hostname": "app01", "mac_address": "3c:4a:92:00:00:01"}


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


def named(engine, *rows: dict) -> dict[tuple[str, str], str]:
    """Which pairs of rows (by id) are which case."""
    about = {"id", "list", "ended"}
    cells = [
        (number, kind, value)
        for number, row in enumerate(rows)
        for kind, values in row.items()
        if kind not in about
        for value in ([values] if isinstance(values, str) else values)
    ]
    identifiers = pa.table({
        "record": pa.array([cell[0] for cell in cells], pa.int64()),
        "kind": [cell[1] for cell in cells],
        "value": [cell[2] for cell in cells],
    })  # fmt: skip
    records = pa.table({
        "record": pa.array(range(len(rows)), pa.int64()),
        "source": [row["list"] for row in rows],
        "list": [row["list"] for row in rows],
        "family": ["machine"] * len(rows),
        "ended": [row.get("ended", False) for row in rows],
    })  # fmt: skip
    linked = matching.link(engine, records, identifiers, match_model.SHIPPED)
    found = matching.find_cases(engine, records, identifiers, linked.pairs, linked.clusters)
    for row in found.to_pylist():
        assert matching.explain_case(row["place"], json.loads(row["told"]))
    return {
        (rows[row["a"]]["id"], rows[row["b"]]["id"]): matching.case_list()[row["place"]].key
        for row in found.to_pylist()
    }


def test_a_machine_under_another_name_was_reimaged(engine):
    assert named(
        engine,
        {"id": "a", "list": "cmdb", "serial": "CZC10001", "hostname": "app01"},
        {"id": "b", "list": "scan", "serial": "CZC10001", "hostname": "web07"},
    ) == {("a", "b"): "reimaged"}


def test_a_name_on_another_machine_was_used_again(engine):
    assert named(
        engine,
        {"id": "a", "list": "cmdb", "serial": "CZC10001", "hostname": "app01"},
        {"id": "b", "list": "scan", "serial": "CZC20002", "hostname": "app01"},
    ) == {("a", "b"): "reused_name"}


def test_in_one_list_a_retired_machine_left_its_name_and_living_ones_share_theirs(engine):
    old = {"id": "a", "list": "cmdb", "serial": "CZC10001", "hostname": "app01"}
    heir = {"id": "b", "list": "cmdb", "serial": "CZC20002", "hostname": "app01"}
    assert named(engine, {**old, "ended": True}, heir) == {("a", "b"): "reused_name"}
    assert named(engine, old, heir) == {("a", "b"): "cluster_or_stack"}


def test_a_stack_whose_record_lists_all_members_is_one(engine):
    assert named(
        engine,
        {"id": "a", "list": "cmdb", "serial": ["FOC1111X", "FOC2222X"], "hostname": "sw01"},
        {"id": "b", "list": "scan", "serial": "FOC1111X", "hostname": "sw01"},
    ) == {("a", "b"): "cluster_or_stack"}


def test_two_machines_of_one_list_with_one_uuid_are_clones(engine):
    assert named(
        engine,
        {"id": "a", "list": "vcenter", "uuid": "4211-aa", "hostname": "app01", "vm_id": "vm-1"},
        {"id": "b", "list": "vcenter", "uuid": "4211-aa", "hostname": "app02", "vm_id": "vm-2"},
    ) == {("a", "b"): "vm_clone"}


def test_blades_are_reported_with_the_serial_of_their_enclosure(engine):
    assert named(
        engine,
        {"id": "a", "list": "scan", "serial": "ENC1", "hostname": "blade1"},
        {"id": "b", "list": "scan", "serial": "ENC1", "hostname": "blade2"},
    ) == {("a", "b"): "shared_enclosure"}


def test_a_board_was_replaced_in_the_box(engine):
    other = {**HARDWARE, "uuid": "4c4c4544-9999", "mac_address": "3c:4a:92:00:00:99"}
    assert named(engine, {"id": "a", "list": "cmdb", **HARDWARE}, {"id": "b", "list": "scan", **other}) == {
        ("a", "b"): "replaced_motherboard"
    }


def test_a_network_card_went_into_another_machine(engine):
    other = {**HARDWARE, "uuid": "4c4c4544-9999", "serial": "CZC20002", "hostname": "db07"}
    assert named(engine, {"id": "a", "list": "cmdb", **HARDWARE}, {"id": "b", "list": "scan", **other}) == {
        ("a", "b"): "nic_move"
    }


def test_an_instance_was_created_anew(engine):
    assert named(
        engine,
        {"id": "a", "list": "aws", "cloud_id": "i-0aa1", "hostname": "shop"},
        {"id": "b", "list": "cmdb", "cloud_id": "i-0bb2", "hostname": "shop"},
    ) == {("a", "b"): "cloud_recreation"}


def test_a_system_moved_off_its_hardware(engine):
    assert named(
        engine,
        {"id": "a", "list": "cmdb", "serial": "CZC10001", "hostname": "app01", "form": "physical"},
        {"id": "b", "list": "vcenter", "uuid": "4211-aa", "hostname": "app01", "form": "virtual"},
    ) == {("a", "b"): "physical_to_virtual"}


def test_an_address_was_given_again(engine):
    assert named(
        engine,
        {"id": "a", "list": "cmdb", "ip_address": "10.0.0.7", "hostname": "app01"},
        {"id": "b", "list": "scan", "ip_address": "10.0.0.7", "hostname": "web07"},
    ) == {("a", "b"): "dhcp_reuse"}


def test_records_that_only_agree_are_no_case(engine):
    twin = {"serial": "CZC10001", "hostname": "app01", "ip_address": "10.0.0.7"}
    assert named(engine, {"id": "a", "list": "cmdb", **twin}, {"id": "b", "list": "scan", **twin}) == {}


def test_every_case_says_its_sentence_with_the_values_of_both_sides():
    for place, case in enumerate(matching.case_list()):
        said = matching.explain_case(place, {"serial": ["S1", "S1"], "uuid": ["u1", "u2"], "hostname": ["a", "b"]})
        assert "{" not in said
        assert case.means in {"same", "different"}
        assert case.advice
