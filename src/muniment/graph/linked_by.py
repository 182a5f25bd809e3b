"""What the records of an asset agree on, as a match key: the short answer to why they are one thing.

Called by the doors for `show`; quick, since it compares claims and scores nothing. `identity why` has the evidence.
"""

from collections.abc import Sequence

from muniment import evidence

_KINDS = {
    "uuid": ("uuid",), "cloud_id": ("cloud_id",), "serial": ("serial",), "asset_tag": ("asset_tag",),
    "mac_address": ("mac_address",), "fqdn": ("fqdn",), "hostname": ("hostname", "name", "fqdn"),
    "application_id": ("application_id",), "ip_address": ("ip_address",),
}  # fmt: skip
"""Kinds of identifiers, the most telling first, and the attributes that say them."""


def linked_by(records: Sequence[evidence.Record]) -> str:
    """What records agree on and, where no two of them agree, differ on: `+SERIAL +FQDN -IP_ADDRESS`; "" of one."""
    agree: list[str] = []
    differ: list[str] = []
    for kind, attributes in _KINDS.items():
        said = [values for one in records if (values := _said(one, kind, attributes))]
        if len(said) < 2:  # noqa: PLR2004 - two sides
            continue
        shared = sum(len(values) for values in said) > len(set().union(*said))
        (agree if shared else differ).append(kind.upper())
    if "FQDN" in agree and "HOSTNAME" in agree:
        agree.remove("HOSTNAME")
    if "FQDN" in differ and "HOSTNAME" in differ + agree:
        differ.remove("FQDN")
    return " ".join([f"+{kind}" for kind in agree] + [f"-{kind}" for kind in differ])


def _said(record: evidence.Record, kind: str, attributes: Sequence[str]) -> set[str]:
    values = {
        str(value).strip().lower()
        for attribute in attributes
        for value in record.claims.get(attribute, record.derived.get(attribute, ()))
    }
    return {value.partition(".")[0] for value in values} if kind == "hostname" else values
