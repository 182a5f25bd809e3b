"""Headers as words, keys of learned pairs, and nearness to names of targets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment import matching
from muniment.matching import names


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("serial_number", ("serial", "number")),
        ("SerialNumber", ("serial", "number")),
        ("IPAddress", ("ip", "address")),
        ("NumberCPUs", ("count", "cpus")),
        ("# CPU", ("count", "cpu")),
        ("VMware Tools", ("vmware", "tools")),
        ("IPv4 Address", ("ipv4", "address")),
        ("Network #3", ("network",)),
        ("Provisioned MiB", ("provisioned",)),
        ("Memory (MB)", ("memory",)),
        ("CPU usage %", ("cpu", "usage")),
        ("Numéro de série", ("numero", "de", "serie")),
        ("%", ("%",)),
        ("!!!", ()),
    ],
)
def test_a_header_is_taken_apart(header: str, words: tuple[str, ...]):
    assert names.read(header).words == words


def test_units_and_the_last_step_of_a_path_are_kept_beside_the_words():
    assert names.families(names.read("Provisioned MiB").units) == {"size"}
    assert names.families(names.read("CPU usage %").units) == {"share"}
    assert names.families(names.read("Warranty (months)").units) == {"time"}
    assert not names.families(names.read("Months").units)
    assert names.read("Checked Out To: Email").leaf == ("email",)
    assert names.read("Placement.AvailabilityZone").leaf == ("availability", "zone")


def test_spellings_of_one_header_share_a_key():
    spellings = ["Memory Size (MB)", "memory_size", "memorySize", "Memory-Size GiB", " memory  size"]
    assert {matching.name_key(spelling) for spelling in spellings} == {"memory size"}


def test_headers_without_words_keep_keys_of_their_own():
    assert matching.name_key("###") != matching.name_key("!!!")
    assert matching.name_key("") == ""


@given(st.text(max_size=300))
def test_any_header_has_one_bounded_key(header: str):
    key = matching.name_key(header)
    assert key == matching.name_key(header)
    assert len(key) < 2000


def target(name: str, *synonyms: str, multi: bool = False) -> matching.Target:
    return matching.Target(name, name, "", synonyms, "text", None, multi, frozenset(), "identity")


TARGETS = (
    target("serial", "serial number"),
    target("cpu_count", "number of cpus"),
    target("disk_size", "hdd"),
    target("tags", "labels", multi=True),
    target("model"),
)


def level(headers: list[str], attribute: str, name: str) -> float:
    compared = getattr(names.index(TARGETS).compare(headers), attribute)
    return compared[-1][[t.name for t in TARGETS].index(name)]


def test_the_same_name_counts_fully_and_an_abbreviated_one_nearly():
    assert level(["Serial Number"], "exact", "serial") == 1.0
    assert 0.9 < level(["serial_no"], "exact", "serial") < 1.0
    assert 0.9 < level(["SN"], "exact", "serial") < 1.0
    assert level(["colour"], "exact", "serial") == 0.0


def test_only_the_targets_own_name_counts_as_its_own():
    assert level(["Serial"], "own", "serial") == 1.0
    assert level(["Serial Number"], "own", "serial") == 0.0


def test_words_run_together_are_taken_apart():
    assert names.index(TARGETS).words_of("cpucount") == ("cpu", "count")
    assert names.index(TARGETS).words_of("hddsize") == ("disk", "size")
    assert names.index(TARGETS).words_of("qqqqqqq") == ("qqqqqqq",)


def test_a_start_that_all_headers_of_a_table_share_is_left_out():
    headers = [f"ansible_x{letter}" for letter in "abcde"]
    assert level(["ansible_serial"], "exact", "serial") == 0.0
    assert level([*headers, "ansible_serial"], "exact", "serial") == 0.95


def test_what_a_table_lists_completes_its_headers():
    alone = names.index(TARGETS).compare(["size"])
    of_disks = names.index(TARGETS).compare(["size"], [{"disk"}])
    assert alone.exact.max() == 0.0
    assert of_disks.exact[0][2] > 0.8


def test_a_custom_column_is_read_without_its_prefix():
    assert level(["u_serial"], "exact", "serial") == 0.95


def test_a_numbered_header_fits_what_can_be_many_better():
    assert level(["Tags 2"], "exact", "tags") > level(["Model 2"], "exact", "model") > 0


def test_a_misspelt_word_still_overlaps():
    assert level(["serail number"], "letters", "serial") > 0.8
    assert level(["modell"], "words", "model") > 0.8


def test_no_targets_and_nameless_targets_are_no_error():
    assert names.index(()).compare(["a"]).exact.shape == (1, 0)
    nameless = target("!!!")
    assert names.index((nameless,)).compare(["!!!", ""]).exact.tolist() == [[0.0], [0.0]]
