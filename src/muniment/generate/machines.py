"""Builds the machines and what they run on: servers, clusters, virtual machines, devices.

Called by `estate.build`, which owns the allocators; each function returns the values of one thing. What
happened to things later is `history.py`; nothing here knows of sources or errors.
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from muniment.generate import catalogue
from muniment.generate.catalogue import Model, Os, Site, Unit
from muniment.generate.dirt import Dirt
from muniment.generate.names import (
    DIGITS,
    HEX,
    Addresses,
    Macs,
    Names,
    People,
    Serials,
    hardware_uuid,
    random_uuid,
    text,
    vmware_serial,
)
from muniment.generate.types import EstateSpec, Thing, Value

GIB = 1024
MEMORY_SIZES = ((2, 0.08), (4, 0.24), (8, 0.28), (16, 0.22), (32, 0.12), (64, 0.06))
CPU_COUNTS = ((1, 0.10), (2, 0.38), (4, 0.32), (8, 0.16), (16, 0.04))
DISK_SIZES = (40, 60, 80, 100, 120, 150, 200, 250, 300, 500, 750, 1000, 2000)
T = TypeVar("T")
ACCOUNTS = ("480213577014", "715590026338", "902146631175")


@dataclass(frozen=True, slots=True)
class Plan:
    """The allocators and settings that the builders share while one estate is made."""

    spec: EstateSpec
    dirt: Dirt
    sites: tuple[Site, ...]
    names: Names
    addresses: Addresses
    macs: Macs
    serials: Serials
    people: People


def pick(rng: random.Random, weighted: tuple[tuple[T, float], ...]) -> T:
    """One of some weighted things."""
    return rng.choices([one for one, _ in weighted], [weight for _, weight in weighted])[0]


def unit_of(rng: random.Random) -> Unit:
    """A business unit, by its share of machines."""
    return rng.choices(catalogue.UNITS, [unit.share for unit in catalogue.UNITS])[0]


def site_of(plan: Plan, rng: random.Random) -> Site:
    """A site, by its share of machines."""
    return rng.choices(plan.sites, catalogue.SITE_SHARES[: len(plan.sites)])[0]


def organisation(plan: Plan, rng: random.Random, unit: Unit, team: str) -> dict[str, Value]:
    """Who a thing belongs to: owner, group, department, cost centre; `team` is a key of TEAMS."""
    owner, technical = plan.people.of(unit), plan.people.of(unit)
    number = rng.randrange(len(unit.departments))
    return {
        "owner": owner.name,
        "owner_email": owner.email,
        "technical_owner": technical.name,
        "support_group": f"{catalogue.TEAMS[team]} {unit.code.upper()}",
        "department": unit.departments[number],
        "business_unit": unit.name,
        "cost_centre": f"CC{catalogue.UNITS.index(unit) + 1}{number + 1}{rng.randint(1, 2)}0",
    }


def criticality(rng: random.Random, environment: str) -> str:
    """How critical a thing is; test and development seldom are."""
    weights = (0.15, 0.35, 0.34, 0.16) if environment == "production" else (0.5, 0.38, 0.1, 0.02)
    return rng.choices(catalogue.CRITICALITIES, weights)[0]


def software(rng: random.Random, system: Os) -> dict[str, Value]:
    """The operating system's attributes."""
    values: dict[str, Value] = {
        "os": system.name,
        "os_family": system.family,
        "os_version": rng.choice(system.versions),
    }
    if system.editions:
        values["os_edition"] = rng.choice(system.editions)
    return values


def bought(plan: Plan, rng: random.Random, price: int) -> dict[str, Value]:
    """Dates and price of a purchase; warranty is three or five years."""
    purchased = plan.spec.today - timedelta(days=rng.randint(90, 2500))
    warranty = purchased + timedelta(days=rng.choice((1096, 1096, 1826)))
    return {
        "purchased_on": purchased.isoformat(),
        "installed_on": (purchased + timedelta(days=rng.randint(10, 80))).isoformat(),
        "warranty_until": warranty.isoformat(),
        "end_of_life_on": (purchased + timedelta(days=2557)).isoformat(),
        "purchase_cost": round(price * rng.uniform(0.85, 1.4) / 10) * 10,
    }


def named(name: str, domain: str) -> dict[str, Value]:
    """Name attributes of a host; canonical names are lower case."""
    short = name.lower()
    return {"name": short, "hostname": (short,), "fqdn": (f"{short}.{domain}",)}


def used(rng: random.Random, *, running: bool) -> dict[str, Value]:
    """What monitoring measures on average; nothing on a machine that is off."""
    if not running:
        return {}
    return {
        "cpu_usage_percent": round(rng.betavariate(1.6, 5) * 100, 1),
        "memory_usage_percent": round(rng.betavariate(4, 3) * 100, 1),
        "uptime_days": rng.randint(1, 420),
    }


def hardware(plan: Plan, rng: random.Random, models: tuple[Model, ...]) -> tuple[Model, dict[str, Value]]:
    """A physical box: model, serial, UUID, tag, purchase, interfaces."""
    model = rng.choices(models, [one.share for one in models])[0]
    serial = plan.serials.give(model.serial)
    oui = rng.choice(model.ouis)
    count = rng.choice((2, 2, 4))
    values: dict[str, Value] = {
        "manufacturer": model.maker,
        "model": model.name,
        "serial": (serial,),
        "uuid": (hardware_uuid(rng, model.serial, serial),),
        "asset_tag": (f"AT{plan.serials.give('asset')}",),
        "mac_address": tuple(plan.macs.give(oui) for _ in range(count)),
        "nic_count": count,
        "status": rng.choices(("active", "maintenance", "in_stock"), (0.95, 0.03, 0.02))[0],
        **bought(plan, rng, model.price),
    }
    return model, values


def server_parts(rng: random.Random, model: Model) -> dict[str, Value]:
    """What is in a server: processors, memory, disks."""
    sockets, disks = rng.choice(model.sockets), rng.choice((2, 2, 4, 8))
    storage = disks * rng.choice((480, 960, 1200))
    return {
        "cpu_count": sockets,
        "cpu_sockets": sockets,
        "cpu_cores": sockets * model.cores,
        "cpu_model": model.cpu,
        "cpu_speed_mhz": model.mhz,
        "memory_mib": rng.choice(model.memory) * GIB,
        "storage_gib": storage,
        "storage_used_gib": round(storage * rng.uniform(0.2, 0.85)),
        "disk_count": disks,
    }


def connect(plan: Plan, rng: random.Random, site: Site, zone: str) -> dict[str, Value]:
    """Addresses and networks of a machine; several interfaces have several of both."""
    first = plan.addresses.give(site, zone)
    addresses, networks = [first.ip], [first.network]
    if rng.random() < plan.dirt.multi_homed:
        for extra in rng.sample(("backup", "dmz"), rng.choice((1, 1, 2))):
            more = plan.addresses.give(site, extra)
            addresses.append(more.ip)
            networks.append(more.network)
    return {"ip_address": tuple(addresses), "network": tuple(networks), "vlan": (first.vlan,)}


def located(site: Site) -> dict[str, Value]:
    """Where a site is."""
    return {"site": site.name, "country": site.country}


def physical(plan: Plan, rng: random.Random, key: str) -> Thing:
    """A server that is no hypervisor."""
    unit, site = unit_of(rng), site_of(plan, rng)
    environment = pick(rng, catalogue.ENVIRONMENTS)
    role = pick(rng, catalogue.ROLES)
    system = catalogue.OS_BY_NAME[pick(rng, catalogue.GUESTS)]
    model, values = hardware(plan, rng, catalogue.SERVERS)
    name = plan.names.host(unit, site, environment, role)
    values |= {
        "asset_type": "server",
        "subtype": "physical",
        **named(name, unit.domain),
        **server_parts(rng, model),
        **connect(plan, rng, site, "prod" if environment == "production" else "test"),
        **located(site),
        **software(rng, system),
        **organisation(plan, rng, unit, system.family),
        **used(rng, running=values["status"] == "active"),
        "management_ip": (plan.addresses.give(site, "mgmt").ip,),
        "rack": f"{site.code}-R{rng.randint(1, 24):02d}",
        "environment": environment,
        "criticality": criticality(rng, environment),
    }
    return Thing(key, "physical", values, keep={"written": name, "unit": unit.code, "role": role})


def hypervisor(plan: Plan, rng: random.Random, key: str, cluster: Thing) -> Thing:
    """An ESXi host of a cluster."""
    site = next(one for one in plan.sites if one.name == cluster.text("site"))
    unit = catalogue.UNITS[3]
    model, values = hardware(plan, rng, catalogue.SERVERS)
    name = plan.names.plain(f"esx{site.code.lower()}")
    system = catalogue.OS_BY_NAME[pick(rng, (("VMware ESXi 8.0", 0.6), ("VMware ESXi 7.0", 0.4)))]
    values |= {
        "asset_type": "server",
        "subtype": "hypervisor",
        **named(name, unit.domain),
        **server_parts(rng, model),
        **connect(plan, rng, site, "mgmt"),
        **located(site),
        **software(rng, system),
        **organisation(plan, rng, unit, "esxi"),
        **used(rng, running=True),
        "status": "active",
        "power_state": "on",
        "management_ip": (plan.addresses.give(site, "mgmt").ip,),
        "rack": f"{site.code}-R{rng.randint(1, 24):02d}",
        "environment": "production",
        "criticality": "high",
        "cluster": cluster.text("name"),
        "data_center": cluster.text("data_center"),
        "virtual_center": cluster.text("virtual_center"),
    }
    return Thing(key, "hypervisor", values, keep={"written": name, "unit": unit.code, "role": "esx"})


def cluster(plan: Plan, rng: random.Random, key: str, number: int) -> Thing:
    """A vSphere cluster; its totals are filled in by `estate.build` once its hosts exist."""
    site = plan.sites[number % len(plan.sites)] if number < len(plan.sites) else site_of(plan, rng)
    center = "vc01" if site.country in {"Germany", "Switzerland", "Netherlands"} else "vc02"
    unit = catalogue.UNITS[3]
    name = plan.names.plain(f"{site.code}-CL")
    values: dict[str, Value] = {
        "asset_type": "cluster",
        "name": name.lower(),
        **located(site),
        **organisation(plan, rng, unit, "esxi"),
        "data_center": f"{site.code}-DC1",
        "virtual_center": f"{center}.{unit.domain}",
        "status": "active",
        "environment": "production",
        "criticality": "high",
    }
    return Thing(key, "cluster", values, keep={"written": name, "unit": unit.code, "role": "cl"})


def virtual(plan: Plan, rng: random.Random, key: str, host: Thing) -> Thing:
    """A virtual machine on an ESXi host."""
    site = next(one for one in plan.sites if one.name == host.text("site"))
    unit, environment = unit_of(rng), pick(rng, catalogue.ENVIRONMENTS)
    role = pick(rng, catalogue.ROLES)
    system = catalogue.OS_BY_NAME[pick(rng, catalogue.GUESTS)]
    name = plan.names.host(unit, site, environment, role)
    storage = sum(rng.choices(DISK_SIZES, k=(disks := rng.choice((1, 1, 2, 3)))))
    network = connect(plan, rng, site, "prod" if environment == "production" else "test")
    bios, cpus = random_uuid(rng, rng.choice(("4206", "421a", "4229"))), pick(rng, CPU_COUNTS)
    interfaces = len(network["ip_address"]) if isinstance(network["ip_address"], tuple) else 1
    running = rng.random() < 0.93  # noqa: PLR2004 - the share of virtual machines that run
    center, folder = host.text("data_center"), f"{unit.name}/{environment.title()}"
    values: dict[str, Value] = {
        "asset_type": "virtual_machine",
        "subtype": "vmware",
        **named(name, unit.domain),
        **network,
        **located(site),
        **software(rng, system),
        **organisation(plan, rng, unit, system.family),
        **used(rng, running=running),
        "manufacturer": "VMware, Inc.",
        "model": "VMware Virtual Platform",
        "uuid": (bios, random_uuid(rng, "5006")),
        "serial": (vmware_serial(bios),),
        "mac_address": tuple(
            plan.macs.give("00:50:56", (0x80, 0xBF)) for _ in range(interfaces)
        ),
        "vm_id": (f"vm-{plan.serials.give('vm')}",),
        "nic_count": interfaces,
        "cpu_count": cpus,
        "cpu_cores": cpus,
        "memory_mib": pick(rng, MEMORY_SIZES) * GIB,
        "storage_gib": storage,
        "storage_used_gib": round(storage * rng.uniform(0.2, 0.9), 1),
        "disk_count": disks,
        "hardware_version": rng.choice(("13", "15", "19", "20")),
        "environment": environment,
        "criticality": criticality(rng, environment),
        "status": "active",
        "power_state": "on" if running else "off",
        "cluster": host.text("cluster"),
        "host": host.text("fqdn"),
        "data_center": center,
        "virtual_center": host.text("virtual_center"),
        "folder": f"/{center}/vm/{folder}",
        "resource_pool": f"/{center}/{host.text('cluster').upper()}/Resources",
        "installed_on": (plan.spec.today - timedelta(days=rng.randint(30, 2200))).isoformat(),
    }  # fmt: skip
    return Thing(key, "vm", values, keep={"written": name, "unit": unit.code, "role": role})


def instance(plan: Plan, rng: random.Random, key: str) -> Thing:
    """A virtual machine in the cloud."""
    unit, environment = unit_of(rng), pick(rng, catalogue.ENVIRONMENTS)
    role = pick(rng, catalogue.ROLES)
    system = catalogue.OS_BY_NAME[pick(rng, catalogue.CLOUD_GUESTS)]
    region = rng.choice(catalogue.CLOUD_REGIONS)
    name = plan.names.plain(f"aws-{unit.code}-{environment[:4]}-{role}-", 3)
    kind, cpus, memory = rng.choice(catalogue.INSTANCE_TYPES)
    running, storage = rng.random() < 0.9, rng.choice((30, 50, 100, 200))  # noqa: PLR2004
    launched = plan.spec.today - timedelta(days=rng.randint(5, 1400))
    values: dict[str, Value] = {
        "asset_type": "virtual_machine",
        "subtype": "cloud",
        **named(name, "aws.meridian.example"),
        **software(rng, system),
        **organisation(plan, rng, unit, "cloud"),
        **used(rng, running=running),
        "ip_address": (plan.addresses.give(catalogue.CLOUD, "prod").ip,),
        "mac_address": (plan.macs.give(rng.choice(("02:1c:7a", "06:5d:3e", "0a:9f:41"))),),
        "uuid": (random_uuid(rng, "ec2" + text(rng, HEX, 5)),),
        "cloud_id": (f"i-0{text(rng, HEX, 16)}",),
        "cloud_provider": "AWS",
        "cloud_account": rng.choice(ACCOUNTS),
        "region": region,
        "availability_zone": region + rng.choice("abc"),
        "instance_type": kind,
        "cpu_count": cpus,
        "cpu_cores": cpus,
        "memory_mib": memory * GIB,
        "storage_gib": storage,
        "nic_count": 1,
        "environment": environment,
        "criticality": criticality(rng, environment),
        "status": "active",
        "power_state": "on" if running else "off",
        "subnet": (f"subnet-0{text(rng, HEX, 16)}",),
        "security_group": (f"{unit.code}-{role}",),
        "installed_on": launched.isoformat(),
    }
    return Thing(key, "instance", values, keep={"written": name, "unit": unit.code, "role": role})


def appliance(plan: Plan, rng: random.Random, key: str, kind: str) -> Thing:
    """A network device or a storage system."""
    site, unit = site_of(plan, rng), catalogue.UNITS[3]
    models = catalogue.NETWORK if kind == "network" else catalogue.STORAGE
    model, values = hardware(plan, rng, models)
    role = rng.choice(("acc", "acc", "core", "dist")) if kind == "network" else "nas"
    name = plan.names.plain(f"{site.code.lower()}-{role}-")
    system = catalogue.OS_BY_NAME[model.os]
    values |= {
        "asset_type": "network_device" if kind == "network" else "storage",
        "subtype": "switch" if kind == "network" else "nas",
        **named(name, unit.domain),
        **located(site),
        **software(rng, system),
        **organisation(plan, rng, unit, system.family),
        "ip_address": (plan.addresses.give(site, "mgmt").ip,),
        "memory_mib": rng.choice(model.memory) * GIB,
        "environment": "production",
        "criticality": rng.choice(("medium", "high", "critical")),
        "uptime_days": rng.randint(20, 900),
        "rack": f"{site.code}-R{rng.randint(1, 24):02d}",
    }
    if kind == "storage":
        storage = rng.choice((20, 40, 80, 120)) * 1024
        values |= {"storage_gib": storage, "storage_used_gib": round(storage * rng.uniform(0.3, 0.9))}
    return Thing(key, kind, values, keep={"written": name, "unit": unit.code, "role": role})


def device(plan: Plan, rng: random.Random, key: str) -> Thing:
    """A notebook of somebody."""
    unit, site = unit_of(rng), site_of(plan, rng)
    model, values = hardware(plan, rng, catalogue.DEVICES)
    name = plan.names.plain(f"{unit.code.upper()}-L{text(rng, DIGITS, 3)}", 3)
    system = catalogue.OS_BY_NAME[model.os]
    storage = rng.choice((256, 512, 1024))
    values |= {
        "asset_type": "end_user_device",
        "subtype": "notebook",
        **named(name, unit.domain),
        **located(site),
        **software(rng, system),
        **organisation(plan, rng, unit, "device"),
        "ip_address": (plan.addresses.give(site, "client").ip,),
        "cpu_count": 1,
        "cpu_sockets": 1,
        "cpu_cores": model.cores,
        "cpu_model": model.cpu,
        "cpu_speed_mhz": model.mhz,
        "memory_mib": rng.choice(model.memory) * GIB,
        "storage_gib": storage,
        "environment": "production",
        "criticality": "low",
    }
    return Thing(key, "device", values, keep={"written": name, "unit": unit.code, "role": "nb"})
