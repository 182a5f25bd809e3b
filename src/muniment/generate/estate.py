"""Makes the estate: every thing there is, its true values, its history, and what depends on what.

Called by `write.write_estate` and by tests; knows nothing of the exports made from it.
"""

import random
from collections.abc import Sequence

from muniment.generate import catalogue
from muniment.generate.dirt import DIRT
from muniment.generate.history import happen
from muniment.generate.machines import (
    Plan,
    appliance,
    cluster,
    device,
    hypervisor,
    instance,
    physical,
    virtual,
)
from muniment.generate.names import Addresses, Macs, Names, People, Serials
from muniment.generate.services import application, database, depend
from muniment.generate.types import Estate, EstateSpec, Thing, draws

_SHARES = (
    ("application", 0.10), ("database", 0.07), ("physical", 0.13), ("instance", 0.07),
    ("network", 0.045), ("storage", 0.015), ("device", 0.06),
)  # fmt: skip
_VMS_PER_HOST = 14
_HOSTS_PER_CLUSTER = 6
_FEW_SITES, _SOME, _MANY = 4, 1000, 8


def build(spec: EstateSpec) -> Estate:
    """Make an estate of exactly `spec.assets` things; the sources in the spec play no part."""
    plan = _plan(spec)
    counts = _counts(spec.assets)
    keys = (f"T{number:06d}" for number in range(1, spec.assets + 1))
    part = {kind: draws(spec.seed, "build", kind) for kind in counts}
    clusters = [cluster(plan, part["cluster"], next(keys), n) for n in range(counts["cluster"])]
    hosts = [
        hypervisor(plan, part["hypervisor"], next(keys), clusters[n % len(clusters)])
        for n in range(counts["hypervisor"])
    ]
    _total(clusters, hosts)
    vms = [virtual(plan, part["vm"], next(keys), part["vm"].choice(hosts)) for _ in range(counts["vm"])]
    servers = [physical(plan, part["physical"], next(keys)) for _ in range(counts["physical"])]
    rest = [instance(plan, part["instance"], next(keys)) for _ in range(counts["instance"])]
    for kind in ("network", "storage"):
        rest += [appliance(plan, part[kind], next(keys), kind) for _ in range(counts[kind])]
    rest += [device(plan, part["device"], next(keys)) for _ in range(counts["device"])]
    rng = part["application"]
    applications = [application(plan, rng, next(keys)) for _ in range(counts["application"])]
    carriers = [one for one in (*vms, *servers) if one.text("status") == "active"]
    databases = _databases(plan, part["database"], [next(keys) for _ in range(counts["database"])],
                           carriers, applications)  # fmt: skip
    machines = (*clusters, *hosts, *vms, *servers, *rest)
    things = (*machines, *applications, *(base for base, _, _ in databases))
    happen(plan, things)
    links = depend(draws(spec.seed, "depend"), applications, carriers, databases)
    for base, host, _ in databases:
        base.values["host"] = host.text("name")
    return Estate(spec, tuple(sorted(things, key=lambda one: one.id)), tuple(links))


def _plan(spec: EstateSpec) -> Plan:
    """The allocators of an estate, each with a stream of its own."""
    sites = _FEW_SITES if spec.assets < _SOME else _MANY
    return Plan(
        spec,
        DIRT[spec.dirt],
        catalogue.SITES[:sites],
        Names(draws(spec.seed, "names")),
        Addresses(),
        Macs(draws(spec.seed, "macs")),
        Serials(draws(spec.seed, "serials")),
        People(draws(spec.seed, "people"), min(200, max(6, spec.assets // 40))),
    )


def _counts(assets: int) -> dict[str, int]:
    """How many things of each kind; virtual machines take what is left."""
    counts = {kind: max(1, round(share * assets)) for kind, share in _SHARES}
    left = assets - sum(counts.values())
    counts["hypervisor"] = max(2, left // (_VMS_PER_HOST + 1))
    counts["cluster"] = max(2, counts["hypervisor"] // _HOSTS_PER_CLUSTER)
    counts["vm"] = left - counts["hypervisor"] - counts["cluster"]
    return counts


def _total(clusters: Sequence[Thing], hosts: Sequence[Thing]) -> None:
    """Fill in what the hosts of a cluster add up to."""
    for one in clusters:
        mine = [host for host in hosts if host.text("cluster") == one.text("name")]
        one.values["cpu_cores"] = sum(int(host.number("cpu_cores")) for host in mine)
        one.values["memory_mib"] = sum(int(host.number("memory_mib")) for host in mine)
        one.keep["hosts"] = str(len(mine))


def _databases(
    plan: Plan,
    rng: random.Random,
    keys: Sequence[str],
    carriers: Sequence[Thing],
    applications: Sequence[Thing],
) -> list[tuple[Thing, Thing, Thing]]:
    """The databases, each with its host (a database server where there is one) and its application."""
    preferred = [one for one in carriers if one.keep["role"] == "db"] or list(carriers)
    found = []
    for key in keys:
        host, user = rng.choice(preferred), rng.choice(applications)
        found.append((database(plan, rng, key, host, user), host, user))
    return found
