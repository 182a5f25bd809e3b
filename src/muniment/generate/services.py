"""Builds what runs on the machines: applications, databases, and who depends on whom.

Called by `estate.build` once the machines exist; writes the applications of a machine into its values.
"""

import random
from collections.abc import Sequence

from muniment.generate import catalogue
from muniment.generate.machines import Plan, criticality, organisation, pick, unit_of
from muniment.generate.types import Dependency, Thing, Value

_SUFFIXES = ("", " EU", " UK", " US", " APAC")
_PRODUCTION = (("production", 0.8), ("test", 0.1), ("development", 0.06), ("staging", 0.04))


def application(plan: Plan, rng: random.Random, key: str) -> Thing:
    """A business application, named by what it does and sometimes where."""
    unit, environment = unit_of(rng), pick(rng, _PRODUCTION)
    first, second = catalogue.APPLICATION_WORDS
    while True:
        name = f"{rng.choice(first)} {rng.choice(second)}{rng.choice(_SUFFIXES)}"
        if plan.names.take(name) or plan.names.take(name := f"{name} {rng.randint(2, 9999)}"):
            break
    slug = name.lower().replace(" ", "-")
    values: dict[str, Value] = {
        "asset_type": "application",
        "name": name,
        "application_id": f"APP-{plan.serials.give('application')}",
        **organisation(plan, rng, unit, "application"),
        "environment": environment,
        "criticality": criticality(rng, environment),
        "status": "active",
        "url": f"https://{slug}.{unit.domain}/",
    }
    return Thing(key, "application", values, keep={"written": name, "unit": unit.code, "slug": slug})


def database(plan: Plan, rng: random.Random, key: str, host: Thing, user: Thing) -> Thing:
    """A database of an application on a machine."""
    unit = next(one for one in catalogue.UNITS if one.code == user.keep["unit"])
    windows = host.text("os_family") == "windows"
    engine, versions, code = pick(
        rng,
        tuple(
            (one, 0.7 if (one[2] == "mssql") == windows else 0.1 if windows else 0.3)
            for one in catalogue.ENGINES
            if windows or one[2] != "mssql"
        ),
    )
    environment = host.text("environment")
    stem = "".join(word[:4] for word in user.keep["slug"].split("-")[:2])
    name = plan.names.plain(f"{stem}_{catalogue.ENVIRONMENT_LETTERS[environment]}")
    values: dict[str, Value] = {
        "asset_type": "database",
        "name": name,
        "database_name": name,
        "instance_name": "MSSQLSERVER" if code == "mssql" else name.upper().replace("_", ""),
        "database_engine": engine,
        "database_version": rng.choice(versions),
        **organisation(plan, rng, unit, "database"),
        "host": host.text("name"),
        "environment": environment,
        "criticality": user.text("criticality"),
        "status": "active",
        "storage_gib": rng.choice((5, 10, 20, 50, 80, 120, 250, 400, 800)),
        "application": (user.text("name"),),
    }
    return Thing(key, "database", values, keep={"written": name, "unit": unit.code, "engine": code})


def depend(
    rng: random.Random,
    applications: Sequence[Thing],
    machines: Sequence[Thing],
    databases: Sequence[tuple[Thing, Thing, Thing]],
) -> list[Dependency]:
    """Who needs whom: applications run on machines, use databases and call each other.

    Arguments:
        rng: the stream that draws them.
        applications: all of them.
        machines: servers and virtual machines that may carry applications.
        databases: each with its host and its application.
    """
    found: list[Dependency] = []
    needs: dict[str, list[str]] = {}
    carried: dict[str, list[str]] = {}
    for base, host, user in databases:
        found.append(Dependency(user.id, "uses", base.id))
        found.append(Dependency(base.id, "runs_on", host.id))
        needs.setdefault(user.id, []).append(base.text("name"))
        carried.setdefault(host.id, []).append(user.text("name"))
    for one in applications:
        for host in rng.sample(machines, min(len(machines), rng.choice((1, 1, 2, 2, 3, 4)))):
            found.append(Dependency(one.id, "runs_on", host.id))
            needs.setdefault(one.id, []).append(host.text("name"))
            carried.setdefault(host.id, []).append(one.text("name"))
        for other in rng.sample(applications, min(len(applications), rng.choice((0, 0, 1, 1, 2)))):
            if other.id != one.id:
                found.append(Dependency(one.id, "calls", other.id))
                needs.setdefault(one.id, []).append(other.text("name"))
    for thing in (*applications, *machines):
        if thing.id in needs:
            thing.values["depends_on"] = tuple(sorted(set(needs[thing.id])))
        if thing.id in carried:
            thing.values["application"] = tuple(sorted(set(carried[thing.id])))
    return sorted(set(found))
