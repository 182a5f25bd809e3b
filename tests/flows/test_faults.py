"""Imports that go wrong half-way, at random: nothing that is there may be retired, nothing lost or doubled."""

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.conftest import DAY_ONE, SOAK, assets, teach, write_csv
from tests.flows.conftest import Start

from muniment import evidence, flows
from muniment.base.home import Home

FAULTS = ("none", "none", "none", "killed", "truncated", "capped", "refused")
RUNS = range(200 if SOAK else 4)
REFUSAL = '{"error": {"code": 403, "message": "Forbidden"}}\n'


@pytest.fixture(scope="module")
def teller(make_home, another, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home whose source `cmdb` is set to deliver everything each time."""
    folder = tmp_path_factory.mktemp("faults")
    with make_home(folder / "home") as home:
        teach(another(home, "lessons"), folder)
        flows.change_source(home, "cmdb", {"full": True})
        yield home


def row(number: int, day: int) -> dict[str, str]:
    return {
        "CI": f"CI{number:05d}", "Name": f"host{number:05d}", "Serial": f"CZC{number:05d}X", "Address": "",
        "OS": "RHEL 8.4", "RAM MB": "16384", "Environment": "Production", "Owner": f"Ann {day if number % 7 else 0}",
    }  # fmt: skip


class System:
    """What is really there, and what it delivers."""

    def __init__(self, chance: random.Random, size: int) -> None:
        self.chance, self.there, self.next = chance, list(range(1, size + 1)), size + 1
        self.ever: set[int] = set(self.there)

    def move_on(self) -> None:
        for number in self.chance.sample(self.there, min(3, len(self.there) // 10)):
            self.there.remove(number)
        for _ in range(self.chance.randrange(4)):
            self.there.append(self.next)
            self.ever.add(self.next)
            self.next += 1

    def deliver(self, path: Path, day: int, fault: str) -> str:
        """Write the file as the fault leaves it; returns the fault that really happened."""
        at = DAY_ONE + timedelta(days=day)
        rows = [row(number, day) for number in self.there]
        if fault == "capped":
            if len(rows) <= 1_000:
                fault = "none"
            rows = rows[:1_000]
        write_csv(path, rows, at)
        text = path.read_text(encoding="utf-8")
        if fault in {"truncated", "refused"}:
            kept = text[: self.chance.randrange(len(text) // 3, len(text) - 1)]
            if fault == "refused":
                kept = kept[: kept.rfind("\n") + 1] + REFUSAL
            path.write_text(kept, encoding="utf-8")
            os.utime(path, (at.timestamp(), at.timestamp()))
        return fault


def number_of(asset) -> int:
    return int(asset.values["hostname"][0].removeprefix("host"))


@pytest.mark.long
@pytest.mark.parametrize("seed", RUNS)
def test_no_fault_retires_what_is_there_and_what_is_gone_goes(teller, another, start: Start, tmp_path, seed):
    chance = random.Random(seed)  # noqa: S311 - a seeded course of events
    piece = another(teller, f"faults {seed}")
    system = System(chance, 1_020 if seed % 4 == 3 else chance.randrange(15, 60))
    gone_since: dict[int, int] = {}
    complete = 0
    for day in range(1, 7):
        if day > 1:
            system.move_on()
        path = tmp_path / f"cmdb-{day}.csv"
        fault = system.deliver(path, day, chance.choice(FAULTS) if day > 1 else "none")
        if fault == "killed":
            start(piece, (path,), chance.randrange(5, 60))
        done = flows.import_files(piece, flows.Request((path,), source="cmdb"))
        found = assets(piece)
        numbers = [number_of(asset) for asset in found if asset.values.get("hostname")]
        assert len(numbers) == len(set(numbers)), "a row was doubled"
        retired = {number_of(asset) for asset in found if asset.state == "retired"}
        assert not retired & set(system.there), f"falsely retired on day {day} after {fault}"
        if fault in {"none", "killed"} and not done.held:
            complete += 1
            current = {number_of(asset): asset for asset in found if asset.state != "retired"}
            assert set(system.there) <= set(current), "a row was lost"
            assert all(current[n].values["owner"] == row(n, day)["Owner"] for n in system.there)
        for number in system.ever - set(system.there):
            since = gone_since.setdefault(number, complete - (fault in {"none", "killed"} and not done.held))
            known = number in numbers
            assert not known or number in retired or complete - since < 2, f"{number} should be retired by day {day}"
    with piece.scope.transaction() as connection:
        counts = [one.counts for one in evidence.list_imports(connection, piece.scope)]
    assert all("rows" in one for one in counts)
