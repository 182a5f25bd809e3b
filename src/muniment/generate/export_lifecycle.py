"""The life-cycle sheet: what the hardware desk keeps by hand, one worksheet, dates the American way.

Read by `write.py`. Good on owners and money, poor on anything technical, in part copied from the CMDB.
"""

from functools import partial

from muniment.generate import cells
from muniment.generate.observe import Observer, Record
from muniment.generate.tables import Column, Export, Table, first, write_workbook
from muniment.generate.types import Cell

_NOTES = ("", "", "", "", "check warranty", "ask facility", "see ticket", "moved rack, label old", "?")


def _note(record: Record) -> Cell:
    """A remark, mostly none."""
    return record.rng.choice(_NOTES)


SHEET = (
    Column("Asset Tag", "asset_tag", cells.text),
    Column("Server", "hostname", cells.host, also="name"),
    Column("S/N", "serial", cells.serial),
    Column("Vendor", "manufacturer", cells.text),
    Column("Model", "model", cells.text),
    Column("Owner", "owner", cells.person),
    Column("Department", "department", cells.text),
    Column("Cost Center", "cost_centre", cells.text),
    Column("Location", "site", cells.text),
    Column("IP", "ip_address", part=first),
    Column("OS", "os", cells.system),
    Column("RAM (GB)", "memory_mib", cells.thousandth),
    Column("Environment", "environment", cells.words(cells.ENVIRONMENTS)),
    Column("Criticality", "criticality", cells.words(cells.CRITICALITIES)),
    Column("Support", "support_group", cells.text),
    Column("Purchase Date", "purchased_on", cells.us_date),
    Column("Warranty End", "warranty_until", cells.us_date),
    Column("Status", "status", cells.words(cells.STATUSES)),
    Column("EOL", "end_of_life_on", cells.us_date),
    Column("Cost", "purchase_cost", cells.price),
    Column("Notes", "notes", also="description", fill=_note),
)


def export(observer: Observer) -> tuple[Export, ...]:
    """The workbook."""
    records = observer.records("lifecycle", "physical", "hypervisor", "vm", "network", "storage", "device")
    write = partial(write_workbook, today=observer.estate.spec.today)
    table = Table("Assets", SHEET, records)
    return (Export("lifecycle", "hardware_lifecycle.xlsx", (table,), write),)
