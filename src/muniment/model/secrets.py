"""What must not be shown: cells of columns that hold passwords and keys, and user names and passwords within a text.

Called wherever raw cells are shown: samples, proofs, problems, rows left out. It never changes a raw row: the lake
keeps what the file said.
"""

import re
from typing import Final

HIDDEN: Final = "(hidden)"
_MASK: Final = "***"
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_SECRET: Final = re.compile(
    r"(?:^| )(?:(?:pass ?words?|pass ?wd|pwd|pass ?phrase|pass ?wort|kenn ?wort|mot de passe|contraseña|wachtwoord"
    r"|(?:api|access|secret|private|shared|account|encryption|license|subscription) ?keys?"
    r"|connection ?strings?|conn ?string|snmp community|community string"
    r"|client secret|secrets?|tokens?|credentials?)"
    r")(?: (?:value|text|plain|clear|cleartext|hash|1|2|3|primary|secondary"
    r"|(?:for |of )?(?:admin|administrator|root|user|account|ilo|idrac|bmc|ipmi|local|service)))*$"
)
_USER_INFO: Final = re.compile(r"(?<=://)(?:[^\s/?#]*@|[^\s/?#:@]+:(?!\d{1,5}(?:[/?#]|$))\S*@)")
_BARE_USER_INFO: Final = re.compile(r"^(?!(?:mailto|sips?|xmpp|tel):)[\w.-]+:(?!//)[^\s/?#]+@(?=\w)", re.IGNORECASE)
_PAIR: Final = re.compile(
    r"""(\b|_)(password|passwd|pwd|secret|token|(?:api|access|account)[_-]?key|sharedaccesskey)(\s*=\s*)[^;&\s'"]+""",
    re.IGNORECASE,
)


def is_secret(column: str) -> bool:
    """Tell a header whose cells are passwords, keys or tokens; not one about them, such as "Password last set"."""
    return bool(_SECRET.search(" ".join(_WORDS.findall(column)).lower()))


def without_user_info(address: str) -> str:
    """A URL without the user name and password before its host."""
    return _BARE_USER_INFO.sub("", _USER_INFO.sub("", address))


def masked(text: str, column: str = "") -> str:
    """A raw text as it may be shown.

    Args:
        text: of a cell, or a sentence about one.
        column: its header; nothing is shown of a cell of a column that holds secrets.
    """
    if column and text and is_secret(column):
        return HIDDEN
    if "@" in text:
        text = _BARE_USER_INFO.sub(f"{_MASK}@", _USER_INFO.sub(f"{_MASK}@", text))
    return _PAIR.sub(rf"\1\2\3{_MASK}", text) if "=" in text else text
