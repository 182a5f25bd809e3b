from tests.conftest import Delivery, machine


def rows(numbers, **changed):
    return tuple({**machine(number)["cmdb"], **changed} for number in numbers)


def test_a_held_import_is_told_tried_and_approved(fresh, tmp_path):
    first = Delivery("cmdb", 1, rows(range(1, 31))).write(tmp_path)
    second = Delivery("cmdb", 2, rows(range(1, 11))).write(tmp_path)
    assert fresh("import", str(first), "--source", "cmdb", "--full").code == 0
    told = fresh("import", str(second), "--source", "cmdb", "--full").out
    assert "Waits: cmdb-2.csv lacks 20 of 30 records" in told
    assert "muniment imports held" in told
    assert "retire what it lacks" in fresh("imports", "held").out
    tried = fresh("imports", "approve", "cmdb-2.csv", "--dry-run").out
    assert "20 retired" in tried
    assert "CZC00011X" in tried
    assert "20 retired" in fresh("imports", "approve", "cmdb-2.csv", "--reason", "scrapped").out
    assert fresh("imports", "held", "--json").json == []


def test_a_withdrawn_source_comes_back_exactly(fresh, tmp_path):
    path = Delivery("cmdb", 1, rows(range(1, 4))).write(tmp_path)
    assert fresh("import", str(path), "--source", "cmdb").code == 0
    before = fresh("fingerprint").out
    assert "3 removed" in fresh("sources", "withdraw", "cmdb", "--dry-run").out
    assert fresh("fingerprint").out == before
    assert fresh("sources", "withdraw", "cmdb", "--reason", "wrong estate").code == 0
    assert fresh("assets", "--json").json == []
    assert fresh("sources", "restore", "cmdb").code == 0
    assert fresh("fingerprint").out == before


def test_what_leaves_the_register_is_said(fresh, tmp_path):
    path = Delivery("cmdb", 1, rows(range(1, 4))).write(tmp_path)
    assert fresh("import", str(path), "--source", "cmdb").code == 0
    assert "3 left the register" in fresh("imports", "withdraw", "cmdb-1.csv").out
