import dataclasses
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import (
    SOAK,
    Delivery,
    assets,
    deliver,
    fingerprint,
)

from muniment import flows

NAMES = ("app01", "app02", "db01", "APP01", "localhost", "")
SERIALS = ("CZC00001X", "CZC00002X", "CZC00003X", "To Be Filled By O.E.M.", "")
ADDRESSES = ("10.1.0.1", "10.1.0.2", "10.1.0.3", "0.0.0.0", "")  # noqa: S104
ROWS = {
    "cmdb": st.fixed_dictionaries({
        "CI": st.sampled_from(("CI1", "CI2", "CI3", "CI4")),
        "Name": st.sampled_from(NAMES), "Serial": st.sampled_from(SERIALS),
        "Address": st.sampled_from(ADDRESSES),
        "OS": st.sampled_from(("Red Hat Enterprise Linux 8", "Windows Server 2019", "")),
        "RAM MB": st.sampled_from(("16384", "32768", "many", "")),
        "Environment": st.sampled_from(("Production", "Test", "")),
        "Owner": st.sampled_from(("Ann Bell", "Bo Chan", "N/A")),
    }),
    "scan": st.fixed_dictionaries({
        "Host": st.sampled_from(NAMES),
        "MAC": st.sampled_from(("00:50:56:00:00:01", "00:50:56:00:00:02", "00:00:00:00:00:00", "")),
        "Address": st.sampled_from(ADDRESSES), "OS": st.sampled_from(("RHEL 8", "CentOS 7", "")),
        "Serial": st.sampled_from(SERIALS),
        "Last seen": st.sampled_from(("2026-02-27T10:00:00Z", "2026-01-02T10:00:00Z", "")),
    }),
    "sheet": st.fixed_dictionaries({
        "Machine": st.sampled_from(NAMES), "Serial": st.sampled_from(SERIALS),
        "Memory MB": st.sampled_from(("16384", "65536", "")),
        "Owner": st.sampled_from(("Ann Bell", "Cy Dow", "")),
        "Tags": st.sampled_from(("blue", "green, blue", "")),
    }),
}  # fmt: skip


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivery]:
    """Up to five deliveries of the three sources, over some days, complete or not."""
    found: dict[tuple[str, int], Delivery] = {}
    for _ in range(draw(st.integers(2, 5))):
        source, day = draw(st.sampled_from(sorted(ROWS))), draw(st.integers(1, 4))
        rows = tuple(draw(st.lists(ROWS[source], min_size=1, max_size=6)))
        found[source, day] = Delivery(source, day, rows, draw(st.sampled_from((None, True))))
    return list(found.values())


@st.composite
def batches(draw: st.DrawFn, given: Sequence[Delivery]) -> list[list[Delivery]]:
    """The same rows in another order, some deliveries in several files, some commands with several."""
    parts: list[Delivery] = []
    for delivery in given:
        cut = draw(st.integers(0, len(delivery.rows) - 1)) if delivery.full is None else 0
        pieces = (delivery.rows[:cut], delivery.rows[cut:])
        parts += [dataclasses.replace(delivery, rows=piece) for piece in pieces if piece]
    commands: list[list[Delivery]] = []
    for part in draw(st.permutations(parts)):
        fits = commands and (commands[-1][0].source, commands[-1][0].full) == (part.source, part.full)
        if fits and draw(st.booleans()):
            commands[-1].append(part)
        else:
            commands.append([part])
    return commands


@settings(
    max_examples=150 if SOAK else 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_order_and_batching_of_the_same_deliveries_gives_the_same_register(
    data: st.DataObject, engagement, tmp_path_factory
):
    given = data.draw(deliveries())
    commands = data.draw(batches(given))
    folder = tmp_path_factory.mktemp("deliveries")
    straight, shuffled = engagement(), engagement()
    deliver(straight, folder / "straight", given)
    for number, command in enumerate(commands):
        paths = tuple(
            part.write(folder / f"{number}", f"{part.source}-{part.day}-{index}.csv")
            for index, part in enumerate(command)
        )
        flows.import_files(shuffled, flows.Request(paths, source=command[0].source, full=command[0].full))
    assert fingerprint(shuffled) == fingerprint(straight)
    assert assets(straight)
