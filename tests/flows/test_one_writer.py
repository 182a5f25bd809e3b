import queue
import threading

from tests.conftest import Delivery, assets, machine

from muniment import flows
from muniment.base import jobs


def test_a_second_import_waits_and_is_told_for_whom(engagement, tmp_path):
    home = engagement()
    path = Delivery("cmdb", 1, (machine(1)["cmdb"],)).write(tmp_path)
    seen: queue.Queue[tuple[str, str]] = queue.Queue()
    second = threading.Thread(
        target=flows.import_files,
        args=(
            home,
            flows.Request((path,), source="cmdb"),
            lambda phase, _done, _total, what="": seen.put((phase, what)),
        ),
    )
    with jobs.writer(home.scope, "import first.csv"):
        second.start()
        phase, whom = seen.get(timeout=60)
        assert phase == "waiting"
        assert whom.startswith("`import first.csv` of tester (process ")
        assert assets(home) == []
    second.join(60)
    assert not second.is_alive()
    assert len(assets(home)) == 1


def test_writers_of_two_engagements_do_not_wait_for_each_other(engagement):
    first, second = engagement(), engagement()
    waits: list[str] = []
    with jobs.writer(first.scope, "one"), jobs.writer(second.scope, "two", waits.append):
        assert waits == []
