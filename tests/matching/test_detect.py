"""Which detectors recognise which values."""

import pyarrow as pa
import pytest

from muniment.matching import detect


def kinds_of(value: str) -> set[str]:
    return {name for name, hits in detect.recognise(pa.array([value])).items() if hits[0]}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("10.0.0.1", "ip"),
        ("fe80::a00:27ff:fef9:98a7", "ipv6"),
        ("::1", "ipv6"),
        ("10.0.0.0/24", "cidr"),
        ("00:50:56:AA:00:01", "mac"),
        ("00-50-56-aa-00-01", "mac"),
        ("0050.56aa.0001", "mac"),
        ("005056aa0001", "mac"),
        ("srv01.corp.example.com", "fqdn"),
        ("srv-01", "hostname"),
        ("500b85c1-ef0d-37fb-6897-61c47157f858", "uuid"),
        ("42 1f 0a 11 22 33 44 55-66 77 88 99 aa bb cc dd", "uuid"),
        ("CZC12340X1", "serial"),
        ("VMware-42 1f 0a 11 22 33 44 55-66 77 88 99 aa bb cc dd", "serial"),
        ("Red Hat Enterprise Linux 8 (64-bit)", "os"),
        ("16 GB", "size"),
        ("16,384", "integer"),
        ("2224.0", "integer"),
        ("0.34375", "number"),
        ("12 %", "percent"),
        ("$12.58", "money"),
        ("1.234,50 EUR", "money"),
        ("Yes", "boolean"),
        ("2016-11-17", "date"),
        ("4/5/16", "date"),
        ("11/24/2008", "date"),
        ("17-Nov-2016", "date"),
        ("Nov 17, 2016", "date"),
        ("2025-02-26 12:53:35", "datetime"),
        ("2015-06-13T15:17:01.129950Z", "datetime"),
        ("jo@example.org", "email"),
        ("Jo Doe <jo@example.org>", "email"),
        ("https://example.org/x", "url"),
        ("C:\\data", "path"),
        ("/var/log", "path"),
        ("7.0.3-build", "version"),
        ("Ana María", "person"),
        ("BU=IT;Location=US", "pairs"),
        ("this is a sentence", "words"),
    ],
)
def test_a_value_is_recognised(value: str, kind: str):
    assert kind in kinds_of(value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("999.0.0.1", "ip"),
        ("1.2.3", "ip"),
        ("12:53:35", "ipv6"),
        ("001122334455", "mac"),
        ("abcdef", "mac"),
        ("deadbeefdeadbeef", "mac"),
        ("10.0.0.1", "fqdn"),
        ("Windows", "hostname"),
        ("2016-11-17", "hostname"),
        ("hello", "serial"),
        ("2016-13-45", "date"),
        ("128", "percent"),
        ("jo at example", "email"),
        ("lowercase name", "person"),
        ("solaris@example.org", "os"),
    ],
)
def test_a_value_of_another_kind_is_not_recognised(value: str, kind: str):
    assert kind not in kinds_of(value)


def test_every_kind_of_the_model_has_its_agreement():
    assert detect.agreement({"ip": 0.9}, "ip") == 0.9
    assert detect.agreement({"cidr": 1.0}, "ip") == 0.8
    assert detect.agreement({"ip": 1.0}, "text") == 0.0
    assert detect.agreement({"label": 1.0}, "text") == 1.0
    assert detect.agreement({}, "mac") == 0.0


def test_supporting_detectors_and_names_for_reasons_exist():
    for kind, support in detect.SUPPORT.items():
        assert set(support) <= set(detect.DETECTORS)
        assert kind in detect.SAID
    assert set(detect.NOT_TEXT) <= set(detect.DETECTORS)
