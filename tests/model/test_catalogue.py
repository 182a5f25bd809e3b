"""The catalogue: complete, consistent, fast to read."""

import subprocess
import sys
from collections import Counter, defaultdict

import pytest

from muniment import model
from muniment.base.errors import Rejected
from muniment.model import quantities

GROUPS = (
    "identity",
    "hardware",
    "software",
    "placement",
    "organisation",
    "life_cycle",
    "governance",
    "utilisation",
    "cost",
    "migration",
)


def test_there_are_more_than_a_hundred_attributes_in_the_ten_groups():
    groups = Counter(attribute.group for attribute in model.attributes().values())
    assert tuple(groups) == GROUPS
    assert sum(groups.values()) > 100


def test_exactly_these_attributes_are_critical():
    critical = {a.name for a in model.attributes().values() if a.severity == "critical"}
    assert critical == {
        "ip_address",
        "hostname",
        "serial",
        "database_name",
        "application_id",
        "criticality",
    }


@pytest.mark.parametrize("attribute", model.attributes().values(), ids=lambda a: a.name)
def test_an_attribute_is_complete(attribute):
    assert attribute.description.endswith(".")
    assert attribute.label
    assert attribute.policy in {"authoritative", "newest", "confidence", "most_reported", "union"}
    assert attribute.severity in {"low", "medium", "high", "critical"}
    assert attribute.role in {"none", "exclusive", "name", "address"}
    assert attribute.pii in {"none", "personal", "contact"}
    assert (attribute.policy == "union") == attribute.multi
    assert len(attribute.synonyms) >= 3
    assert (attribute.type == "enum") == bool(attribute.values)
    if attribute.type in {"size", "percent"}:
        assert attribute.unit
    if attribute.unit:
        assert quantities.convert(1, attribute.unit, attribute.unit) == 1
        for unit in attribute.synonym_units.values():
            assert quantities.convert(1, unit, attribute.unit), unit


def test_every_type_has_a_normaliser():
    for attribute in model.attributes().values():
        assert isinstance(model.normalise(attribute, "7"), model.Normalised)


def test_no_spelling_of_an_enum_stands_for_two_values():
    from muniment.model.catalogue import _file, _listed  # the file is the subject

    for group in _file("attributes.toml").values():
        for name, entry in group.items():
            claimed = defaultdict(set)
            for value, text in entry.get("values", {}).items():
                for spelling in (value, *_listed(text)):
                    claimed[model.fold(spelling)].add(value)
            assert {k: v for k, v in claimed.items() if len(v) > 1} == {}, name


def test_every_canonical_value_of_an_enum_normalises_to_itself():
    for attribute in model.attributes().values():
        for value in attribute.values:
            assert model.normalise(attribute, value).values == (value,), attribute.name


def test_headers_claimed_twice_are_only_those_that_really_are_ambiguous():
    claims = defaultdict(set)
    for attribute in model.attributes().values():
        for synonym in attribute.synonyms:
            claims[model.fold(synonym).replace(".", " ")].add(attribute.name)
    shared = {header: names for header, names in claims.items() if len(names) > 1}
    too_many = {header: names for header, names in shared.items() if len(names) > 2}
    assert too_many == {}
    assert len(shared) < 20, sorted(shared.items())


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Primary IP Address", "ip_address"),
        ("OS according to the VMware Tools", "os"),
        ("Provisioned MiB", "storage_gib"),
        ("In Use MiB", "storage_used_gib"),
        ("Powerstate", "power_state"),
        ("VM UUID", "uuid"),
        ("sys_id", "source_id"),
        ("install_status", "status"),
        ("ansible_product_serial", "serial"),
        ("InstanceId", "cloud_id"),
        ("Placement.AvailabilityZone", "availability_zone"),
        ("r_type", "migration_strategy"),
        ("Seriennummer", "serial"),
        ("Système d'exploitation", "os"),
    ],
)
def test_a_header_met_in_the_wild_is_a_synonym(header, name):
    assert model.fold(header) in {model.fold(synonym) for synonym in model.attribute(name).synonyms}


def test_a_synonym_carries_the_unit_its_header_does_not_show():
    memory = model.attribute("memory_mib")
    assert memory.synonym_units[model.fold("TotalPhysicalMemory0")] == "KB"
    assert "[" not in "".join(memory.synonyms)
    assert model.attribute("storage_gib").synonym_units[model.fold("vInfoProvisioned")] == "MiB"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("cmdb_ci_win_server", ("server", "windows_server")),
        ("Windows Server", ("server", "windows_server")),
        ("VMware Virtual Machine Instance", ("virtual_machine", "vmware")),
        ("HP Laptop 15", ("end_user_device", "laptop")),
        ("Switches", ("network_device", "switch")),
        ("Server Rack", ("other", "rack")),
        ("server", ("server", None)),
        ("", None),
        ("zzz", None),
        ("²" * 500, None),
    ],
)
def test_the_kind_of_a_thing_is_read_from_a_cell(raw, expected):
    assert model.asset_type_of(raw) == expected


def test_every_asset_type_and_subtype_names_itself():
    for kind in model.asset_types().values():
        assert model.asset_type_of(kind.name) == (kind.name, None)
        for subtype in kind.subtypes:
            assert model.asset_type_of(subtype)[0] == kind.name, subtype


def test_machines_are_one_family_and_databases_another():
    machines = {name for name in model.asset_types() if model.family(name) == "machine"}
    assert machines == {
        "server",
        "virtual_machine",
        "end_user_device",
        "network_device",
        "storage",
    }
    assert model.family("database") == "database"
    with pytest.raises(Rejected, match="toaster"):
        model.family("toaster")


def test_an_unknown_attribute_is_refused_with_the_cure():
    with pytest.raises(Rejected, match="muniment model"):
        model.attribute("nonsense")


def test_the_catalogue_loads_without_anything_but_the_standard_library():
    code = (
        "import sys, time; start = time.perf_counter()\n"
        "from muniment import model\n"
        "model.attributes()\n"
        "heavy = {'pydantic', 'numpy', 'sqlalchemy', 'duckdb', 'pyarrow'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_attribute_of_the_users_own_normalises_like_any_other():
    own = model.own_attribute("tape_capacity", "size", unit="TiB", multi=False, label="Tape capacity")
    assert (own.group, own.unit, own.policy) == ("own", "TiB", "confidence")
    assert model.normalise(own, "2048 GB").values == (2,)
    colour = model.own_attribute("label_colour", "enum", values={"red": "rot | rouge", "blue": ""})
    assert model.normalise(colour, "Rot").values == ("red",)
    assert model.normalise(colour, "green").problem
    assert model.own_attribute("seen_by", multi=True).policy == "union"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"name": "Rack Row"}, "cannot name"),
        ({"name": "9lives"}, "cannot name"),
        ({"name": "x" * 64}, "cannot name"),
        ({"name": "hostname"}, "already has"),
        ({"name": "mood", "type": "feeling"}, "no type"),
        ({"name": "mood", "type": "enum"}, "no values"),
        ({"name": "mood", "type": "number", "unit": "smiles"}, "no unit"),
    ],
)
def test_a_malformed_attribute_of_the_users_own_is_refused(arguments, reason):
    with pytest.raises(Rejected, match=reason):
        model.own_attribute(**arguments)
