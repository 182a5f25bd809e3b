"""What exists in the market and in the company: hardware, operating systems, sites, business units.

Plain data, read by the builders and by the cell writers. Product facts are the vendors' public ones
(order-of-magnitude prices); the company, its sites' address plans and its people are invented.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Site(NamedTuple):
    """A place: code, name as people write it, country, first octets of its address plan."""

    code: str
    name: str
    country: str
    network: str


class Unit(NamedTuple):
    """A business unit: name, naming pattern, DNS domain, departments, share of machines.

    The pattern's fields: site, env (one letter), role, unit code, number.
    """

    name: str
    code: str
    pattern: str
    domain: str
    departments: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Os:
    """An operating system and how sources write it.

    Attributes:
        name: canonical.
        family: canonical os_family.
        versions: full versions.
        editions: editions, if it has any.
        older: canonical name of the one it is upgraded from, "" for none.
        rvtools: what vSphere calls it as a guest, or the hypervisor's product name.
        short: what people write in sheets.
        monitoring: what agents report.
        coarse: canonical name of what `rvtools` says where that leaves the version out, else "".
    """

    name: str
    family: str
    versions: tuple[str, ...]
    editions: tuple[str, ...]
    older: str
    rvtools: str
    short: str
    monitoring: str
    coarse: str = ""


class Model(NamedTuple):
    """A hardware model; sizes in GiB, speed in MHz, price in EUR."""

    maker: str
    name: str
    serial: str
    ouis: tuple[str, ...]
    cpu: str
    mhz: int
    sockets: tuple[int, ...]
    cores: int
    memory: tuple[int, ...]
    price: int
    share: float
    os: str = ""


SITES = (
    Site("FRA", "Frankfurt", "Germany", "10.16"),
    Site("AMS", "Amsterdam", "Netherlands", "10.32"),
    Site("MUC", "München", "Germany", "10.48"),
    Site("LON", "London", "United Kingdom", "10.64"),
    Site("ZRH", "Zürich", "Switzerland", "10.80"),
    Site("NYC", "New York", "United States", "10.96"),
    Site("SIN", "Singapore", "Singapore", "10.112"),
    Site("CHI", "Chicago", "United States", "10.128"),
)
CLOUD = Site("AWS", "", "", "10.200")
SITE_SHARES = (0.30, 0.18, 0.14, 0.12, 0.08, 0.08, 0.06, 0.04)

UNITS = (
    Unit(
        "Retail Banking",
        "rb",
        "{site}{env}{role}{number:03d}",
        "corp.meridian.example",
        ("Branch Systems", "Online Banking", "Cards", "Customer Data"),
        0.34,
    ),
    Unit(
        "Treasury",
        "tr",
        "{role}-{env}{number:02d}-{site}",
        "treasury.meridian.example",
        ("Trading", "Risk", "Settlement"),
        0.16,
    ),
    Unit(
        "Insurance",
        "in",
        "ins{site}{role}{env}{number:02d}",
        "corp.meridian.example",
        ("Claims", "Underwriting", "Actuarial"),
        0.18,
    ),
    Unit(
        "Group IT",
        "gi",
        "srv-{role}-{number:04d}",
        "infra.meridian.example",
        ("Infrastructure", "Workplace", "Security", "Data Platform"),
        0.20,
    ),
    Unit(
        "Halden Logistics",
        "hl",
        "HAL-{role}{number:03d}",
        "halden.example",
        ("Warehousing", "Transport", "Customs"),
        0.12,
    ),
)

OSES = (
    Os("Microsoft Windows Server 2022", "windows", ("10.0.20348",), ("Standard", "Datacenter"),
       "Microsoft Windows Server 2019",
       "Microsoft Windows Server 2022 (64-bit)", "Win 2022", "Windows Server 2022"),
    Os("Microsoft Windows Server 2019", "windows", ("10.0.17763",), ("Standard", "Datacenter"),
       "Microsoft Windows Server 2016",
       "Microsoft Windows Server 2019 (64-bit)", "Win 2019", "Windows Server 2019"),
    Os("Microsoft Windows Server 2016", "windows", ("10.0.14393",), ("Standard", "Datacenter"),
       "Microsoft Windows Server 2012 R2",
       "Microsoft Windows Server 2016 (64-bit)", "Win 2016", "Windows Server 2016"),
    Os("Microsoft Windows Server 2012 R2", "windows", ("6.3.9600",), ("Standard",), "",
       "Microsoft Windows Server 2012 R2 (64-bit)", "Win 2012 R2", "Windows Server 2012 R2"),
    Os("Red Hat Enterprise Linux 9", "linux", ("9.2", "9.4"), (), "Red Hat Enterprise Linux 8",
       "Red Hat Enterprise Linux 9 (64-bit)", "RHEL 9", "RHEL 9"),
    Os("Red Hat Enterprise Linux 8", "linux", ("8.6", "8.8", "8.10"), (), "Red Hat Enterprise Linux 7",
       "Red Hat Enterprise Linux 8 (64-bit)", "RHEL 8", "RHEL 8"),
    Os("Red Hat Enterprise Linux 7", "linux", ("7.9",), (), "",
       "Red Hat Enterprise Linux 7 (64-bit)", "RHEL 7", "RHEL 7"),
    Os("CentOS 7", "linux", ("7.9",), (), "",
       "CentOS 7 (64-bit)", "CentOS 7", "CentOS Linux 7"),
    Os("Ubuntu 22.04", "linux", ("22.04.3", "22.04.5"), (), "Ubuntu 20.04",
       "Ubuntu Linux (64-bit)", "Ubuntu 22.04", "Ubuntu 22.04 LTS", "Ubuntu"),
    Os("Ubuntu 20.04", "linux", ("20.04.6",), (), "Ubuntu 18.04",
       "Ubuntu Linux (64-bit)", "Ubuntu 20.04", "Ubuntu 20.04 LTS", "Ubuntu"),
    Os("Ubuntu 18.04", "linux", ("18.04.6",), (), "",
       "Ubuntu Linux (64-bit)", "Ubuntu 18.04", "Ubuntu 18.04 LTS", "Ubuntu"),
    Os("SUSE Linux Enterprise Server 15", "linux", ("15.4", "15.5"), (), "SUSE Linux Enterprise Server 12",
       "SUSE Linux Enterprise 15 (64-bit)", "SLES 15", "SLES 15"),
    Os("SUSE Linux Enterprise Server 12", "linux", ("12.5",), (), "",
       "SUSE Linux Enterprise 12 (64-bit)", "SLES 12", "SLES 12"),
    Os("Oracle Linux 8", "linux", ("8.8", "8.9"), (), "",
       "Oracle Linux 8 (64-bit)", "OL 8", "Oracle Linux 8"),
    Os("Debian 12", "linux", ("12.5",), (), "Debian 11",
       "Debian GNU/Linux 12 (64-bit)", "Debian 12", "Debian 12"),
    Os("Debian 11", "linux", ("11.9",), (), "",
       "Debian GNU/Linux 11 (64-bit)", "Debian 11", "Debian 11"),
    Os("Amazon Linux 2", "linux", ("2",), (), "",
       "Amazon Linux 2 (64-bit)", "Amazon Linux 2", "Amazon Linux 2"),
    Os("VMware ESXi 8.0", "esxi", ("8.0.2", "8.0.3"), (), "VMware ESXi 7.0",
       "VMware ESXi 8.0", "ESXi 8.0", "ESXi 8.0"),
    Os("VMware ESXi 7.0", "esxi", ("7.0.3",), (), "VMware ESXi 6.7",
       "VMware ESXi 7.0", "ESXi 7.0", "ESXi 7.0"),
    Os("VMware ESXi 6.7", "esxi", ("6.7.0",), (), "",
       "VMware ESXi 6.7", "ESXi 6.7", "ESXi 6.7"),
    Os("Cisco IOS XE 17.9", "network", ("17.9.4",), (), "Cisco IOS XE 17.6",
       "", "IOS XE 17.9", "Cisco IOS XE 17.9"),
    Os("Cisco IOS XE 17.6", "network", ("17.6.5",), (), "",
       "", "IOS XE 17.6", "Cisco IOS XE 17.6"),
    Os("Cisco NX-OS 10.2", "network", ("10.2.6",), (), "Cisco NX-OS 9.3",
       "", "NX-OS 10.2", "Cisco NX-OS 10.2"),
    Os("Cisco NX-OS 9.3", "network", ("9.3.11",), (), "",
       "", "NX-OS 9.3", "Cisco NX-OS 9.3"),
    Os("Juniper Junos 21.4", "network", ("21.4R3",), (), "",
       "", "Junos 21.4", "Juniper Junos 21.4"),
    Os("NetApp ONTAP 9.13", "other", ("9.13.1",), (), "NetApp ONTAP 9.11",
       "", "ONTAP 9.13", "NetApp ONTAP 9.13"),
    Os("NetApp ONTAP 9.11", "other", ("9.11.1",), (), "",
       "", "ONTAP 9.11", "NetApp ONTAP 9.11"),
    Os("Microsoft Windows 11", "windows", ("10.0.22631",), ("Enterprise",), "Microsoft Windows 10",
       "Microsoft Windows 11 (64-bit)", "Win 11", "Windows 11"),
    Os("Microsoft Windows 10", "windows", ("10.0.19045",), ("Enterprise",), "",
       "Microsoft Windows 10 (64-bit)", "Win 10", "Windows 10"),
)  # fmt: skip
OS_BY_NAME = {system.name: system for system in OSES}

GUESTS = (
    ("Microsoft Windows Server 2022", 0.13), ("Microsoft Windows Server 2019", 0.19),
    ("Microsoft Windows Server 2016", 0.12), ("Microsoft Windows Server 2012 R2", 0.05),
    ("Red Hat Enterprise Linux 9", 0.08), ("Red Hat Enterprise Linux 8", 0.14),
    ("Red Hat Enterprise Linux 7", 0.05), ("CentOS 7", 0.04), ("Ubuntu 22.04", 0.05),
    ("Ubuntu 20.04", 0.03), ("Ubuntu 18.04", 0.01), ("SUSE Linux Enterprise Server 15", 0.05),
    ("SUSE Linux Enterprise Server 12", 0.02), ("Oracle Linux 8", 0.02), ("Debian 12", 0.01),
    ("Debian 11", 0.01),
)  # fmt: skip
CLOUD_GUESTS = (
    ("Amazon Linux 2", 0.35), ("Ubuntu 22.04", 0.25), ("Microsoft Windows Server 2022", 0.25),
    ("Red Hat Enterprise Linux 9", 0.15),
)  # fmt: skip

_DELL = ("d4:ae:52", "b0:26:28", "18:66:da", "f8:bc:12")
_HPE = ("94:18:82", "9c:b6:54", "3c:a8:2a", "48:df:37")
SERVERS = (
    Model("Dell Inc.", "PowerEdge R640", "dell", _DELL, "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz",
          2100, (1, 2), 16, (64, 128, 192, 256), 7400, 0.14),
    Model("Dell Inc.", "PowerEdge R740", "dell", _DELL, "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz",
          2100, (2,), 20, (128, 192, 256, 384), 9800, 0.16),
    Model("Dell Inc.", "PowerEdge R750", "dell", _DELL, "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz",
          2000, (2,), 32, (256, 384, 512, 768), 14600, 0.12),
    Model("HPE", "ProLiant DL360 Gen10", "hpe", _HPE, "Intel(R) Xeon(R) Silver 4214 CPU @ 2.20GHz",
          2200, (1, 2), 12, (64, 96, 128, 192), 6900, 0.15),
    Model("HPE", "ProLiant DL380 Gen10", "hpe", _HPE, "Intel(R) Xeon(R) Gold 5218 CPU @ 2.30GHz",
          2300, (2,), 16, (128, 192, 256, 512), 9200, 0.17),
    Model("HPE", "ProLiant BL460c Gen10", "hpe", _HPE, "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz",
          2100, (2,), 16, (128, 256), 8800, 0.10),
    Model("Lenovo", "ThinkSystem SR650", "lenovo", ("7c:d3:0a", "08:94:ef"),
          "Intel(R) Xeon(R) Gold 5120 CPU @ 2.20GHz", 2200, (2,), 14, (96, 192, 384), 8100, 0.08),
    Model("Cisco Systems Inc", "UCSC-C220-M5SX", "cisco", ("00:25:b5", "70:db:98"),
          "Intel(R) Xeon(R) Gold 6140 CPU @ 2.30GHz", 2300, (2,), 18, (128, 256, 384), 10400, 0.05),
    Model("FUJITSU", "PRIMERGY RX2540 M5", "fujitsu", ("90:1b:0e", "4c:52:62"),
          "Intel(R) Xeon(R) Silver 4210 CPU @ 2.20GHz", 2200, (2,), 10, (64, 128, 256), 7700, 0.03),
)  # fmt: skip
NETWORK = (
    Model("Cisco Systems Inc", "C9300-48P", "cisco", ("70:db:98", "2c:31:24"), "", 0, (1,), 4, (8,),
          6200, 0.40, "Cisco IOS XE 17.9"),
    Model("Cisco Systems Inc", "N9K-C93180YC-EX", "cisco", ("00:fe:c8", "70:7d:b9"), "", 0, (1,), 4,
          (24,), 15800, 0.30, "Cisco NX-OS 10.2"),
    Model("Juniper Networks", "EX4300-48T", "juniper", ("3c:61:04", "5c:45:27"), "", 0, (1,), 2, (2,),
          5400, 0.30, "Juniper Junos 21.4"),
)  # fmt: skip
STORAGE = (
    Model("NetApp", "AFF A250", "netapp", ("00:a0:98", "d0:39:ea"), "", 0, (2,), 12, (128,), 62000,
          0.6, "NetApp ONTAP 9.13"),
    Model("NetApp", "FAS2750", "netapp", ("00:a0:98", "d0:39:ea"), "", 0, (2,), 12, (64,), 28000,
          0.4, "NetApp ONTAP 9.11"),
)  # fmt: skip
DEVICES = (
    Model("Dell Inc.", "Latitude 5430", "dell", ("a4:bb:6d", "c0:3e:ba"),
          "12th Gen Intel(R) Core(TM) i5-1245U", 1600, (1,), 10, (16,), 1150, 0.4,
          "Microsoft Windows 11"),
    Model("HP", "EliteBook 840 G8", "hp", ("84:a9:3e", "a8:b1:3b"),
          "11th Gen Intel(R) Core(TM) i5-1145G7", 2600, (1,), 4, (16, 32), 1290, 0.35,
          "Microsoft Windows 10"),
    Model("Lenovo", "ThinkPad T14 Gen 3", "lenovo", ("9c:2d:cd", "38:f3:ab"),
          "12th Gen Intel(R) Core(TM) i7-1265U", 1800, (1,), 10, (16, 32), 1420, 0.25,
          "Microsoft Windows 11"),
)  # fmt: skip
INSTANCE_TYPES = (
    ("t3.medium", 2, 4), ("t3.large", 2, 8), ("m5.large", 2, 8), ("m5.xlarge", 4, 16),
    ("m5.2xlarge", 8, 32), ("r5.xlarge", 4, 32), ("r5.2xlarge", 8, 64), ("c5.2xlarge", 8, 16),
)  # fmt: skip
CLOUD_REGIONS = ("eu-central-1", "eu-west-1")

ROLES = (
    ("web", 0.20), ("app", 0.30), ("db", 0.16), ("fs", 0.06), ("ctx", 0.06), ("mq", 0.04),
    ("bck", 0.04), ("mon", 0.03), ("sap", 0.05), ("etl", 0.06),
)  # fmt: skip
ENVIRONMENTS = (("production", 0.52), ("test", 0.20), ("development", 0.16), ("staging", 0.12))
ENVIRONMENT_LETTERS = {"production": "p", "test": "t", "development": "d", "staging": "s"}
CRITICALITIES = ("low", "medium", "high", "critical")
ENGINES = (
    ("Microsoft SQL Server", ("2016", "2017", "2019", "2022"), "mssql"),
    ("Oracle Database", ("12c", "19c"), "oracle"),
    ("PostgreSQL", ("12", "13", "14", "15"), "postgresql"),
    ("MySQL", ("5.7", "8.0"), "mysql"),
)
APPLICATION_WORDS = (
    ("Ledger", "Payments", "Invoice", "Claims", "Customer", "Loan", "Deposit", "Fraud", "Pricing",
     "Policy", "Document", "Report", "Trade", "Collateral", "Dispatch", "Parcel", "Warehouse", "Route",
     "Identity", "Contract", "Archive", "Quote", "Limit", "Card", "Branch", "Tariff"),
    ("Hub", "Portal", "Engine", "Manager", "Gateway", "Desk", "Store", "Monitor", "Tracker", "Suite",
     "Exchange", "Workbench", "Service", "Office", "Online"),
)  # fmt: skip
FIRST_NAMES = (
    "Anna", "Bernd", "Carla", "David", "Elena", "Felix", "Greta", "Hannes", "Ines", "Jonas", "Katrin",
    "Lukas", "Maria", "Nadia", "Oliver", "Petra", "Quentin", "Rita", "Stefan", "Tanja", "Ulrich",
    "Vera", "Walter", "Yvonne", "Zoe", "Priya", "Rahul", "Mei", "Hiro", "Sofia", "Miguel", "Aisha",
)  # fmt: skip
LAST_NAMES = (
    "Albrecht", "Baumann", "Castell", "Dietrich", "Ekman", "Fischer", "Grünwald", "Hartmann", "Ivanov",
    "Jansen", "Kowalski", "Lindner", "Moreau", "Nyberg", "Okafor", "Pohl", "Quast", "Rossi", "Schäfer",
    "Tanaka", "Unger", "Vogel", "Weiss", "Xavier", "Yilmaz", "Ziegler", "Patel", "Novak", "Brandt",
    "Costa", "Duarte", "Engel", "Falk", "Gruber", "Holm", "Iyer", "Jung", "Keller", "Lorenz", "Meyer",
)  # fmt: skip
TEAMS = {
    "windows": "Windows Operations", "linux": "Linux Operations", "esxi": "Virtualisation",
    "network": "Network Operations", "other": "Storage and Backup", "database": "Database Operations",
    "application": "Application Support", "device": "Workplace Services", "cloud": "Cloud Platform",
}  # fmt: skip
PLACEHOLDER_SERIALS = (
    "To Be Filled By O.E.M.", "N/A", "None", "Not Specified", "System Serial Number", "0", "-",
    "0123456789", "Default string",
)  # fmt: skip
