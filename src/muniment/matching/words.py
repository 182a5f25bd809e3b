"""Words of the field that headers are read with: units, abbreviations, words that say little.

Tables only, read by `names`. A word belongs here when it helps on any table; the names of one attribute
are synonyms of the model.
"""

from collections.abc import Mapping
from types import MappingProxyType

UNITS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        ["b", "byte", "bytes"]
        + [p + s for p in "kmgtp" for s in ("b", "ib", "byte", "bytes")]
        + ["megabytes", "gigabytes", "kilobytes", "terabytes", "mebibytes", "gibibytes"],
        "size",
    )
    | dict.fromkeys(["ko", "go", "to", "octets"], "size")
    | {"mo": "size time"}
    | dict.fromkeys(["hz", "khz", "mhz", "ghz"], "frequency")
    | dict.fromkeys(["%", "percent", "percentage", "pct"], "share")
    | dict.fromkeys(["month", "months", "mths", "day", "days", "hour", "hours", "hrs"], "time")
    | dict.fromkeys(["week", "weeks", "year", "years", "yrs", "min", "mins", "minutes"], "time")
    | dict.fromkeys(["s", "sec", "secs", "seconds", "ms", "milliseconds"], "time")
    | dict.fromkeys(["w", "watt", "watts", "kw", "va"], "power")
    | dict.fromkeys(["usd", "eur", "gbp", "chf", "$", "€", "£", "dollars", "euro", "euros"], "money")
    | dict.fromkeys(["kbps", "mbps", "gbps", "kbit/s", "mbit/s", "mb/s", "gbit/s", "kb/s"], "rate")
    | dict.fromkeys(["iops", "io/s", "1/s"], "operations")
)
"""Unit as written in a header or a target -> its family."""

ONLY_IN_BRACKETS: frozenset[str] = frozenset(
    {"b", "s", "w", "mo", "ko", "go", "to", "min", "day", "hour", "month", "year", "week", "va", "ms", "kw"}
)
"""Units that are also words: in a header they count as units only in brackets."""

ABBREVIATIONS: Mapping[str, str] = MappingProxyType(
    {
        "acct": "account",
        "addr": "address",
        "addresses": "address",
        "admin": "administrator",
        "anno": "annotation",
        "app": "application",
        "apps": "application",
        "appl": "application",
        "arch": "architecture",
        "auth": "authentication",
        "avg": "average",
        "az": "availability zone",
        "bu": "business unit",
        "cat": "category",
        "cfg": "configuration",
        "config": "configuration",
        "conf": "configuration",
        "cnt": "count",
        "qty": "count",
        "quantity": "count",
        "ctry": "country",
        "datacenter": "data center",
        "datacentre": "data center",
        "centre": "center",
        "db": "database",
        "dbms": "database engine",
        "dc": "data center",
        "dept": "department",
        "desc": "description",
        "descr": "description",
        "dev": "device",
        "dr": "disaster recovery",
        "env": "environment",
        "eol": "end of life",
        "eos": "end of support",
        "expiry": "expiration",
        "expires": "expiration",
        "fw": "firmware",
        "gw": "gateway",
        "hdd": "disk",
        "hd": "disk",
        "hw": "hardware",
        "hostnames": "hostname",
        "id": "id",
        "identifier": "id",
        "inst": "instance",
        "ips": "ip",
        "ip4": "ip",
        "ip6": "ip",
        "ipv4": "ip",
        "ipv6": "ip",
        "kernel": "kernel",
        "lic": "licence",
        "license": "licence",
        "loc": "location",
        "maint": "maintenance",
        "manuf": "manufacturer",
        "mem": "memory",
        "mfg": "manufacturer",
        "mfgr": "manufacturer",
        "mfr": "manufacturer",
        "mgmt": "management",
        "mgr": "manager",
        "mhz": "speed",
        "net": "network",
        "nr": "number",
        "no": "number",
        "num": "number",
        "org": "organisation",
        "organization": "organisation",
        "os": "operating system",
        "pct": "percent",
        "phys": "physical",
        "po": "purchase order",
        "prod": "production",
        "proc": "processor",
        "procs": "processor",
        "pwr": "power",
        "ram": "memory",
        "rel": "release",
        "sec": "security",
        "ser": "serial",
        "sn": "serial number",
        "srv": "server",
        "svr": "server",
        "sw": "software",
        "sys": "system",
        "tel": "phone",
        "tz": "time zone",
        "util": "usage",
        "utilisation": "usage",
        "utilization": "usage",
        "vcpu": "cpu",
        "vcpus": "cpu",
        "vram": "memory",
        "vendor": "vendor",
        "ver": "version",
        "vers": "version",
        "virt": "virtual",
        "vol": "volume",
    }
)
"""Abbreviation -> the words of the field it stands for; applied to headers and to targets alike."""

GLUE: frozenset[str] = frozenset(
    {"a", "an", "the", "of", "in", "on", "at", "for", "to", "by", "is", "and", "or"}
    | {"according", "from", "with", "has"}
)
"""Words that join others and say nothing themselves."""

ENTITIES: frozenset[str] = frozenset(
    {"server", "asset", "device", "computer", "machine", "vm", "ci", "item", "node", "u", "cmdb"}
    | {"virtual", "system", "instance", "equipment", "object", "record", "resource", "current"}
    | {"guest", "primary", "main", "value", "field"}
)
"""Words that say whose attribute it is ("Server Serial Number"), not which."""
