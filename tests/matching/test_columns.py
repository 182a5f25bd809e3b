"""Column matching as a whole: cases from a file, learned pairs, assignment, order, speed, real headers."""

import csv
import os
import time
import tomllib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment import mapping, matching, model

CASES = tomllib.loads((Path(__file__).parent / "cases/columns.toml").read_text())
LABELS = Path(__file__).parent / "cases/inventories.toml"
DATA = Path(os.environ.get("MUNIMENT_DATA", Path(__file__).parents[2] / "../shared/data"))


def target(entry: dict) -> matching.Target:
    return matching.Target(
        name=entry["name"],
        label=entry.get("label", entry["name"]),
        description="",
        synonyms=tuple(entry["synonyms"]),
        kind=entry.get("kind", "text"),
        unit=entry.get("unit"),
        multi=entry.get("multi", False),
        values=frozenset(entry.get("values", ())),
        group=entry["group"],
    )


TARGETS = tuple(target(entry) for entry in CASES["target"])


def column(header: str, values: Sequence[str], table: str | None = None) -> matching.Column:
    cells = [values[row % len(values)].replace("{}", f"{row + 10}") for row in range(30)]
    return matching.profile(pa.table({header: pa.array(cells, pa.string())}), [header], table=table)[0]


def best(header: str, values: Sequence[str], *learned: matching.Learned) -> matching.Candidate:
    return matching.rank([column(header, values)], TARGETS, learned)[header][0]


def chance(header: str, values: Sequence[str], name: str, *learned: matching.Learned) -> float:
    found = matching.rank([column(header, values)], TARGETS, learned)[header]
    return next((c.probability for c in found if c.target == name), 0.0)


@pytest.mark.parametrize("case", CASES["case"], ids=lambda case: case["says"])
def test_a_column_gets_the_meaning_its_name_and_values_speak_for(case: dict):
    name = case["header"]
    ranking = matching.rank([column(name, case["values"], case.get("table"))], TARGETS)
    first, proposal = ranking[name][0], matching.assign(ranking)[name]
    assert first.target == case["target"], ranking[name][:3]
    assert case.get("least", 0) <= first.probability <= case.get("most", 1), ranking[name][:3]
    assert proposal.state == case.get("state", proposal.state), proposal
    assert first.reasons


def test_a_contradicted_name_is_never_likely():
    for header, values, name in [
        ("Serial", ["10.0.0.{}"], "serial"),
        ("IP Address", ["{}"], "ip_address"),
        ("Environment", ["red", "green"], "environment"),
        ("Operating system", ["{}"], "os"),
    ]:
        assert chance(header, values, name) < 0.6


def test_probabilities_of_a_column_are_a_distribution():
    names = [entry["header"] for entry in CASES["case"]]
    found = matching.rank([column(name, ["a", "b"]) for name in dict.fromkeys(names)], TARGETS)
    for candidates in found.values():
        chances = [c.probability for c in candidates]
        assert chances == sorted(chances, reverse=True)
        assert 0 < sum(chances) <= 1 + 1e-9
        assert matching.NONE in {c.target for c in candidates}


def test_reasons_name_the_synonym_the_values_and_the_verdicts():
    said = best("DNS Name", ["srv{}.example.com"], matching.Learned("dns name", "fqdn", 3, 0)).reasons
    assert said[0] == "you accepted this before (3 times)"
    assert 'name "DNS Name" is a synonym of fqdn' in said
    assert "100% of values look like FQDNs" in said


def test_an_accepted_pair_is_applied_by_itself():
    values = ["red", "green"]
    assert chance("Colour code", values, "notes") < 0.5
    accepted = matching.Learned("colour code", "notes", 1, 0)
    assert chance("Colour code", values, "notes", accepted) > 0.9
    assert chance("colour_code (GB)", values, "notes", accepted) > 0.9


def test_an_accepted_pair_is_not_applied_to_values_that_contradict_it():
    accepted = matching.Learned("place", "ip_address", 5, 0)
    assert chance("place", ["10.0.0.{}"], "ip_address", accepted) > 0.9
    assert chance("place", ["Hall {}"], "ip_address", accepted) < 0.6


def test_a_rejected_pair_drops_below_three_tenths():
    assert chance("DNS Name", ["srv{}.example.com"], "fqdn") > 0.9
    rejected = matching.Learned("dns name", "fqdn", 0, 1)
    assert chance("DNS Name", ["srv{}.example.com"], "fqdn", rejected) < 0.3


def test_accepting_none_leaves_a_column_unmapped():
    nothing = matching.Learned("notes", matching.NONE, 1, 0)
    ranking = matching.rank([column("Notes", ["a", "b"])], TARGETS, [nothing])
    assert matching.assign(ranking)["Notes"].state == "unmapped"


def test_as_many_rejections_as_acceptances_change_nothing():
    draw = matching.Learned("dns name", "fqdn", 2, 2)
    values = ["srv{}.example.com"]
    assert chance("DNS Name", values, "fqdn", draw) == pytest.approx(chance("DNS Name", values, "fqdn"))


def test_a_verdict_on_an_unknown_target_is_ignored():
    gone = matching.Learned("dns name", "no_longer_there", 4, 0)
    assert best("DNS Name", ["srv{}.example.com"], gone).target == "fqdn"


def test_a_single_valued_target_is_applied_once_and_its_repetition_is_left_to_a_person():
    systems = ["Windows Server 2019", "Ubuntu 22.04"]
    names = ["OS according to the configuration file", "OS according to the VMware Tools"]
    found = matching.assign(matching.rank([column(name, systems) for name in names], TARGETS))
    assert {p.target for p in found.values()} == {"os"}
    assert sorted(p.state for p in found.values()) == ["auto", "suggested"]
    second = next(p for p in found.values() if p.state == "suggested")
    assert second.reasons[0].startswith('os went to column "OS according')


def test_a_multi_valued_target_takes_several_columns():
    columns = [column("IP Address", ["10.0.0.{}"]), column("IPv4 Address", ["10.0.1.{}"])]
    found = matching.assign(matching.rank(columns, TARGETS))
    assert [(p.target, p.state) for p in found.values()] == [("ip_address", "auto")] * 2


def test_a_column_that_loses_its_target_takes_its_next_if_that_is_likely():
    def candidates(name: str, *chances: tuple[str, float]) -> tuple[matching.Candidate, ...]:
        return tuple(matching.Candidate(name, t, p, (), multi=t == "") for t, p in chances)

    ranking = {
        "a": candidates("a", ("name", 0.97), ("application", 0.01), ("", 0.02)),
        "b": candidates("b", ("name", 0.5), ("application", 0.45), ("", 0.05)),
    }
    found = matching.assign(ranking)
    assert (found["a"].target, found["a"].state) == ("name", "auto")
    assert (found["b"].target, found["b"].state) == ("application", "suggested")
    assert found["b"].runner_up is not None
    assert found["b"].runner_up.target == "name"


def test_thresholds_decide_between_applying_asking_and_leaving():
    ranking = matching.rank([column("DNS Name", ["srv{}.example.com"])], TARGETS)
    assert matching.assign(ranking, auto=1.1)["DNS Name"].state == "suggested"
    left = matching.assign(ranking, auto=1.1, suggest=1.05)["DNS Name"]
    assert (left.state, left.target) == ("unmapped", matching.NONE)
    assert left.runner_up is not None
    assert left.runner_up.target == "fqdn"


def listing(**cells: Sequence[str]) -> dict[str, matching.Candidate]:
    table = pa.table({header: pa.array(values, pa.string()) for header, values in cells.items()})
    ranking = matching.rank(matching.profile(table, table.column_names), mapping.targets())
    return {header: found[0] for header, found in ranking.items()}


def test_a_host_in_each_row_is_the_machine_itself_where_no_other_column_names_it():
    machines = [f"app{number:02}.example.org" for number in range(12)]
    address = [f"10.0.0.{number}" for number in range(12)]
    found = listing(host=machines, address=address)
    assert found["host"].target == "name", found
    assert "no other column is the name of what is listed" in found["host"].reasons
    assert listing(host=machines, address=address, vm=machines)["host"].target == "host"
    assert listing(host=["esx1", "esx2"] * 6, address=address)["host"].target == "host"


def test_virtual_processors_in_a_list_of_servers_are_theirs():
    cells = pa.table({"vCPU": ["2", "4", "8", "16"] * 8})
    ranking = matching.rank(matching.profile(cells, ["vCPU"], table="server list"), mapping.targets())
    assert ranking["vCPU"][0].target == "cpu_count", ranking["vCPU"][:3]


def test_no_columns_give_no_ranking():
    assert matching.rank([], TARGETS) == {}
    assert matching.assign({}) == {}


HEADERS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["IP", "Serial#", "os", "OS", "Name", "Memory (MB)", "a.b->c", "((((", "é" * 300, "%", ""]),
)
TABLE = st.dictionaries(HEADERS, st.lists(st.text(max_size=12), min_size=3, max_size=3), max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells=TABLE, tab=st.one_of(st.none(), st.text(max_size=20)), shuffle=st.randoms())
def test_any_table_is_ranked_and_its_order_changes_nothing(cells: dict, tab: str | None, shuffle: Random):
    def propose(names: list[str], rows: list[int]) -> dict:
        table = pa.table({name: pa.array([cells[name][r] for r in rows], pa.string()) for name in names})
        profiled = matching.profile(table, names, table=tab)
        return matching.assign(matching.rank(profiled, TARGETS))

    names, rows = list(cells), [0, 1, 2]
    before = propose(names, rows)
    shuffle.shuffle(names)
    shuffle.shuffle(rows)
    assert propose(names, rows) == before


def test_hostile_headers_cost_no_more_than_others():
    names = [
        "x" * 100_000,
        "((((" * 50_000,
        "aA" * 50_000,
        "\u0000\ufdfa" * 1000,
        "a->" * 50_000,
        "1" * 100_000,
    ]
    values = column("any", ["a", "b"]).profile
    columns = [matching.Column(name, "t" * 100_000, values) for name in names]
    started = time.perf_counter()
    found = matching.rank(columns, TARGETS)
    assert time.perf_counter() - started < 2
    assert set(found) == set(names)


def model_targets() -> tuple[matching.Target, ...]:
    return tuple(
        matching.Target(
            name=a.name,
            label=a.label,
            description=a.description,
            synonyms=a.synonyms,
            kind=a.type,
            unit=a.unit,
            multi=a.multi,
            values=frozenset(a.spellings),
            group=a.group,
            wider=a.wider,
        )
        for a in model.attributes().values()
    )


def meanings(*headers: str) -> dict[str, tuple[str, str]]:
    people = ["Ann Miller", "Bob Lorenz", "Cara Diaz"]
    ranking = matching.rank([column(header, people) for header in headers], model_targets())
    return {header: (found.target, found.state) for header, found in matching.assign(ranking).items()}


@pytest.mark.parametrize("header", ["Managed By", "contact"])
def test_a_person_in_charge_is_the_owner_unless_another_column_names_the_owner(header: str):
    assert meanings(header) == {header: ("owner", "auto")}
    assert meanings(header, "Owned By")["Owned By"] == ("owner", "auto")
    assert meanings(header, "Owned By")[header][0] == "technical_owner"
    assert meanings("Technical owner") == {"Technical owner": ("technical_owner", "auto")}


def test_two_hundred_columns_meet_the_whole_model_within_a_second():
    targets = model_targets()
    profiles = [column(c["header"], c["values"]).profile for c in CASES["case"]]
    names = [f"{c['header']} {number}" for number in range(10) for c in CASES["case"]][:200]
    columns = [matching.Column(n, None, profiles[i % len(profiles)]) for i, n in enumerate(names)]
    matching.rank(columns[:1], targets)  # the index over the targets is made once per model
    times = []
    for _ in range(3):
        started = time.process_time()
        matching.assign(matching.rank(columns, targets))
        times.append(time.process_time() - started)
    assert min(times) < 1


def labelled() -> Iterator[tuple[tuple[matching.Column, ...], dict[str, set[str]]]]:
    """The labelled CSV inventories: profiled columns, and per header what it may be mapped to."""
    for key, labels in tomllib.loads(LABELS.read_text()).items():
        folder, _, file = key.partition(":")
        if not file.endswith(".csv"):
            continue
        with (DATA / "inventories" / folder / file).open(newline="", encoding="utf-8-sig", errors="replace") as lines:
            header, *rows = list(csv.reader(lines))
        cells = {
            name: pa.array([row[place] if place < len(row) else "" for row in rows], pa.string())
            for place, name in reversed(list(enumerate(header)))
        }
        right = {
            name: set(next((labels[k] for k in (name, *labels) if k in labels and fnmatchcase(name, k)), "").split("|"))
            for name in cells
        }
        yield matching.profile(pa.table(cells), list(cells), table=file.removesuffix(".csv")), right


@pytest.mark.skipif(not DATA.is_dir(), reason="MUNIMENT_DATA is not here")
def test_headers_of_real_exports_are_mapped_and_the_automatic_ones_are_right():
    targets, seen, top, auto, wrong = model_targets(), 0, 0, 0, []
    for columns, right in labelled():
        ranking = matching.rank(columns, targets)
        for name, proposal in matching.assign(ranking).items():
            seen += 1
            top += ranking[name][0].target in right[name]
            if proposal.state == "auto":
                auto += 1
                if proposal.target not in right[name]:
                    wrong.append((name, proposal.target, proposal.probability))
    assert seen > 400
    assert top / seen >= 0.95
    assert auto >= 150
    assert len(wrong) / auto <= 0.01, wrong
