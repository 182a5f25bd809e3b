"""What happened to the things, and the identity traps: renames, re-used names, clones, upgrades.

Called by `estate.build` once all things exist. A change is applied as "the values before"; the things'
own values are always the present truth.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from muniment.generate import catalogue
from muniment.generate.machines import Plan, named, pick
from muniment.generate.names import vmware_serial
from muniment.generate.types import Change, Thing, Value, draws

HOSTS = frozenset({"physical", "vm", "instance", "hypervisor", "network", "storage", "device"})
_FEWEST = 4
"""Of each identity trap and move, so that a small estate has it too."""
_OLD_PREFIXES = {
    "hypervisor": "vmhost", "network": "netdev", "storage": "filer", "instance": "cloudvm",
}  # fmt: skip
_SOURCES_OF = {
    "physical": ("servicenow", "discovery", "lifecycle", "monitoring"),
    "vm": ("servicenow", "rvtools", "rvtools", "discovery", "monitoring"),
    "instance": ("cloud", "cloud", "monitoring", "servicenow"),
    "network": ("discovery", "lifecycle", "monitoring"),
    "device": ("lifecycle", "discovery"),
}


def happen(plan: Plan, things: Sequence[Thing]) -> None:
    """Plant every case of the dirt table that is a fact of the estate rather than of a source."""
    seed = plan.spec.seed
    _reuse_names(plan, draws(seed, "reuse"), things)
    _clone(plan, draws(seed, "clone"), things)
    _share_serials(plan, draws(seed, "enclosures"), things)
    _rename(plan, draws(seed, "rename"), things)
    _readdress(plan, draws(seed, "readdress"), things)
    rng = draws(seed, "history")
    for thing in things:
        _grow(plan, rng, thing)
        _reorganise(plan, rng, thing)
    _hide(plan, draws(seed, "hide"), things)


def _some(rng: random.Random, things: Iterable[Thing], share: float) -> list[Thing]:
    """A share of things, at least _FEWEST."""
    pool = list(things)
    return rng.sample(pool, min(len(pool), max(_FEWEST, round(share * len(pool)))))


def _change(plan: Plan, rng: random.Random, thing: Thing, kind: str, old: dict[str, Value]) -> None:
    """Record the values before, of those attributes that have not changed otherwise."""
    changed = {attribute for change in thing.changes for attribute in change.old}
    kept = {
        attribute: value
        for attribute, value in old.items()
        if attribute not in changed and thing.values.get(attribute) != value
    }
    if kept:
        installed = date.fromisoformat(thing.text("installed_on") or "2020-01-01")
        longest = max(20, min(800, (plan.spec.today - installed).days))
        on = plan.spec.today - timedelta(days=rng.randint(min(20, longest), longest))
        thing.changes.append(Change(kind, on, kept))


def _reuse_names(plan: Plan, rng: random.Random, things: Sequence[Thing]) -> None:
    """Retire a machine and give its name, half the time its address too, to another one."""
    machines = [one for one in things if one.kind in {"physical", "vm"}]
    for retired in _some(rng, machines, plan.dirt.reused_names):
        heirs = [
            one for one in machines if one.keep["unit"] == retired.keep["unit"] and not one.marks and one is not retired
        ]
        if retired.marks or not heirs:
            continue
        heir = rng.choice(heirs)
        for one in (heir, retired):
            one.marks.add("reused_name")
        heir.values.update(named(retired.text("name"), retired.text("fqdn").split(".", 1)[1]))
        heir.keep["written"] = retired.keep["written"]
        if rng.random() < 0.5:  # noqa: PLR2004 - half of them
            heir.values["ip_address"] = (retired.text("ip_address"), *heir.texts("ip_address")[1:])
        retired.values["status"] = "retired"
        for gone in ("uptime_days", "cpu_usage_percent", "memory_usage_percent"):
            retired.values.pop(gone, None)
        if "power_state" in retired.values:
            retired.values["power_state"] = "off"
        _change(plan, rng, retired, "retired", {"status": "active"})


def _clone(plan: Plan, rng: random.Random, things: Sequence[Thing]) -> None:
    """Give a virtual machine the BIOS UUID of another, and with it its serial number."""
    machines = [one for one in things if one.kind == "vm" and not one.marks]
    for copy in _some(rng, machines, plan.dirt.cloned_uuids):
        original = rng.choice([one for one in machines if one is not copy])
        if "cloned_uuid" in original.marks | copy.marks:
            continue
        shared = original.text("uuid")
        copy.values["uuid"] = (shared, *copy.texts("uuid")[1:])
        copy.values["serial"] = (vmware_serial(shared),)
        for one in (original, copy):
            one.marks.add("cloned_uuid")


def _share_serials(plan: Plan, rng: random.Random, things: Sequence[Thing]) -> None:
    """Let several servers of a site be reported with the serial number of one enclosure."""
    servers = [one for one in things if one.kind in {"physical", "hypervisor"}]
    blades = _some(rng, servers, plan.dirt.shared_serials)
    serial, left = "", 0
    for number, blade in enumerate(blades):
        if left == 0 and number < len(blades) - 1:
            serial, left = plan.serials.give("hpe"), rng.randint(2, 4)
        blade.keep["enclosure_serial"] = serial
        blade.marks.add("shared_serial")
        left = max(0, left - 1)


def _rename(plan: Plan, rng: random.Random, things: Sequence[Thing]) -> None:
    """Give hosts an earlier name; a re-imaged one had another system and environment too."""
    hosts = [one for one in things if one.kind in HOSTS and "reused_name" not in one.marks]
    boxes = [one for one in hosts if one.kind in {"physical", "device"}]
    chosen = {one.id: "renamed" for one in _some(rng, hosts, plan.dirt.renamed)}
    chosen |= {one.id: "reimaged" for one in _some(rng, boxes, plan.dirt.reimaged)}
    for one in hosts:
        if one.id not in chosen:
            continue
        kind = chosen[one.id]
        old = named(_earlier_name(plan, rng, one), one.text("fqdn").split(".", 1)[1])
        if kind == "reimaged" and one.kind == "physical":
            system = catalogue.OS_BY_NAME[pick(rng, catalogue.GUESTS)]
            old |= {
                "os": system.name,
                "os_version": system.versions[0],
                "environment": pick(rng, catalogue.ENVIRONMENTS),
            }
        one.marks.add(kind)
        _change(plan, rng, one, kind, old)


def _earlier_name(plan: Plan, rng: random.Random, thing: Thing) -> str:
    """A name the thing may have had: of the same convention, or the one before a merger."""
    role = thing.keep["role"]
    if thing.kind == "device":
        return plan.names.plain("nb", 4)
    if thing.kind not in {"physical", "vm"}:
        return plan.names.plain(_OLD_PREFIXES[thing.kind], 3)
    units = [one for one in catalogue.UNITS if one.code == thing.keep["unit"]]
    unit = rng.choice([*units, *units, catalogue.UNITS[4]])
    return plan.names.host(unit, rng.choice(plan.sites), thing.text("environment"), role)


def _readdress(plan: Plan, rng: random.Random, things: Sequence[Thing]) -> None:
    """Give hosts an earlier address, which by now another host of the site may have."""
    sites = {one.name: one for one in plan.sites}
    hosts = [one for one in things if one.kind in HOSTS and one.text("site") in sites]
    by_site: dict[str, list[Thing]] = {}
    for one in hosts:
        by_site.setdefault(one.text("site"), []).append(one)
    for one in _some(rng, hosts, plan.dirt.readdressed):
        kind, neighbour = "readdressed", rng.choice(by_site[one.text("site")])
        if neighbour is not one and rng.random() < plan.dirt.reassigned_addresses:
            kind, old = "reassigned_address", neighbour.text("ip_address")
        else:
            old = plan.addresses.give(sites[one.text("site")], "test").ip
        one.marks.add(kind)
        _change(plan, rng, one, kind, {"ip_address": (old, *one.texts("ip_address")[1:])})


def _grow(plan: Plan, rng: random.Random, thing: Thing) -> None:
    """Let machines have been smaller and run an older system."""
    if thing.kind in HOSTS and rng.random() < plan.dirt.os_upgraded:
        system = catalogue.OS_BY_NAME[thing.text("os")]
        if system.older:
            older = catalogue.OS_BY_NAME[system.older]
            old: dict[str, Value] = {"os": older.name, "os_version": older.versions[-1]}
            _change(plan, rng, thing, "upgraded", old)
    if thing.kind in {"physical", "vm", "hypervisor"} and rng.random() < plan.dirt.resized:
        memory, disk = int(thing.number("memory_mib")), int(thing.number("storage_gib"))
        smaller: dict[str, Value] = {}
        if rng.random() < 0.7:  # noqa: PLR2004 - most upgrades are memory
            smaller["memory_mib"] = memory // 2
        if thing.kind == "vm" and rng.random() < 0.5:  # noqa: PLR2004 - half add processors
            smaller["cpu_count"] = smaller["cpu_cores"] = max(1, int(thing.number("cpu_count")) // 2)
        if rng.random() < 0.6:  # noqa: PLR2004 - many add disk
            smaller["storage_gib"] = max(20, disk - rng.choice((20, 50, 100, disk // 2)))
        _change(plan, rng, thing, "resized", smaller)


def _reorganise(plan: Plan, rng: random.Random, thing: Thing) -> None:
    """Let owners leave, departments change, and things move, be promoted or judged anew."""
    dirt = plan.dirt
    unit = next(one for one in catalogue.UNITS if one.code == thing.keep["unit"])
    if rng.random() < dirt.owner_left:
        left = plan.people.other(unit, thing.text("owner"))
        _change(plan, rng, thing, "owner_left", {"owner": left.name, "owner_email": left.email})
    if rng.random() < dirt.reorganised:
        number = rng.randrange(len(unit.departments))
        old: dict[str, Value] = {
            "department": unit.departments[number],
            "cost_centre": f"CC{catalogue.UNITS.index(unit) + 1}{number + 1}{rng.randint(1, 2)}0",
            "support_group": f"{rng.choice(list(catalogue.TEAMS.values()))} {unit.code.upper()}",
        }
        _change(plan, rng, thing, "reorganised", old)
    if thing.kind in {"physical", "vm", "network", "device"} and rng.random() < dirt.moved:
        _change(plan, rng, thing, "moved", {"site": rng.choice(plan.sites).name})
    if rng.random() < dirt.promoted:
        environment = pick(rng, catalogue.ENVIRONMENTS)
        _change(plan, rng, thing, "promoted", {"environment": environment})
    if rng.random() < dirt.reassessed:
        judged = rng.choice(catalogue.CRITICALITIES)
        _change(plan, rng, thing, "reassessed", {"criticality": judged})


def _hide(plan: Plan, rng: random.Random, things: Sequence[Thing]) -> None:
    """Let some machines be known to one source only."""
    machines = [one for one in things if one.kind in _SOURCES_OF and "reused_name" not in one.marks]
    for one in _some(rng, machines, plan.dirt.single_source):
        one.keep["only"] = rng.choice(_SOURCES_OF[one.kind])
        one.marks.add("single_source")
