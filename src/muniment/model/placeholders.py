"""What people and firmware write when they have nothing to say.

Called by `normalise.py` and the readers beside it. A placeholder becomes no value with a note,
never a problem. The firmware strings are defaults that boards of several makers are shipped with.
"""

from muniment.model.types import Attribute

_WRAPPING = " \t\"'`()[]<>{}#*.:;,-_~!/\\|=+?"
_LONGEST = 60

WORDS = frozenset(
    """
    n/a|na|n.a|n/a/n/a|n / a|nan|none|null|nil|nul|empty|blank|void|undefined|undef|unset|unknown
    unknow|unk|not available|not avail|notavailable|not applicable|not specified|not set|not known
    not found|not provided|not present|not defined|not assigned|not recorded|not reported|no data
    no value|no info|no information|no asset tag|no asset information|no serial|no serial number
    no entry|no name|nothing|missing|invalid|tbd|tba|tbc|t.b.d|to be determined|to be defined
    to be confirmed|to be announced|to be completed|todo|to do|fixme|to be filled by o.e.m
    to be filled by oem|to be filled|o.e.m|oem|default string|system serial number
    system product name|system manufacturer|system name|system version|product name
    chassis serial number|chassis manufacture|chassis manufacturer|chassis version
    base board serial number|baseboard serial number|serial number|type1productconfigid|type1sku0
    not configured|xx|xxx|xxxx|xxxxx|xxxxxx|nonenone|none none|n/d|nd|n/k|s/o|sin datos|k.a|k. a
    keine angabe|keine|kein|unbekannt|nicht bekannt|nicht verfügbar|nicht vorhanden|entfällt|leer
    ohne|inconnu|inconnue|non renseigné|non disponible|aucun|aucune|sans objet|non défini|vide
    néant|desconocido|dummy|placeholder|change me|changeme|asset tag|asset-1234567890|null string
    no enclosure|error|err
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
) - {""}
"""Cells that say nothing, whatever the attribute (wrapping marks stripped, lower case)."""

_ERRORS = frozenset({
    "#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#num!", "#null!", "#spill!", "#calc!", "#getting_data", "#field!",
    "#blocked!", "#connect!", "#unknown!", "#busy!",
})  # fmt: skip

_SERIALS = frozenset(
    """
    0123456789|1234567890|123456789|12345678|1234567|123456|12345|0987654321|9876543210
    123456789012345|sys-1234567890|sys-9876543210|sn-12345|sn-1234567890|mb-1234567890|eval|iatpass
    systemserialnumb|systemserialnumber|system serialnumber|oem_serial|serialnumber|serial|sernum
    bss-0123456789|vmware|virtual|virtual machine|none specified|no.serial|unbranded|standard
    generic|assettag|asset number
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
) - {""}

UUIDS = frozenset(
    {
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "01010101-0101-0101-0101-010101010101",
        "11111111-2222-3333-4444-555555555555",
        "01234567-8910-1112-1314-151617181920",
        "fefefefe-fefe-fefe-fefe-fefefefefefe",
        "4c4c4544-0000-2010-8020-80c04f202020",
        "6ab5b300-538d-1014-9fb5-b0684d007b53",
    }
)
"""UUIDs that many unrelated boards report."""

MACS = frozenset(
    {
        "20:41:53:59:4e:ff",  # Windows RAS async adapter
        "50:50:54:50:30:30",  # Windows WAN miniport (PPTP)
        "33:50:6f:45:30:30",  # Windows WAN miniport (PPPoE)
        "02:80:37:ec:02:00",  # Huawei modems
        "00:05:9a:3c:7a:00",  # Cisco AnyConnect
        "00:05:9a:3c:78:00",
        "00:09:0f:fe:00:01",  # Fortinet virtual adapters
        "00:09:0f:aa:00:01",
        "00:50:56:c0:00:01",  # VMware Workstation host adapters
        "00:50:56:c0:00:08",
        "0a:00:27:00:00:00",  # VirtualBox host-only adapter
        "02:00:4c:4f:4f:50",  # Microsoft loopback adapter
        "00:ff:ff:ff:ff:ff",
    }
)
"""MAC addresses that software gives to every machine it is installed on."""

HOSTS = frozenset(
    """
    localhost|localhost.localdomain|localhost4|localhost6|localhost4.localdomain4|localhost.local
    localhost6.localdomain6|ip6-localhost|localdomain|hostname|computername|new-host|unassigned
    noname|no-name|fqdn|servername
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
) - {""}
"""Host names that are no names."""


def is_placeholder(attribute: Attribute, text: str) -> bool:
    """Tell whether a cell says nothing.

    Args:
        attribute: the attribute the cell is read for; its own canonical values are never
            placeholders ("unknown" is a status).
        text: the cell, stripped.
    """
    if len(text) > _LONGEST:
        return False
    word = text.strip(_WRAPPING).lower()
    if not word or word in WORDS:
        return text.lower() not in attribute.spellings
    if attribute.type == "serial":
        return word in _SERIALS or _is_one_letter(word)
    if attribute.type in {"hostname", "fqdn"}:
        return word in HOSTS
    return attribute.role == "exclusive" and _is_one_letter(word)


def is_error(text: str) -> bool:
    """Tell whether a cell (stripped) is what a workbook shows where a formula failed."""
    return text[:1] == "#" and text.lower() in _ERRORS


def _is_one_letter(word: str) -> bool:
    """Tell whether the word is one sign repeated, such as 0, 00000000 or NNNNNNN."""
    signs = set(word) - {"-", " ", "_", ".", "/"}
    return len(signs) == 1 and (len(word) > 1 or word == "0")
