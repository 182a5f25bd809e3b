"""Text, enums, booleans, e-mail addresses, URLs, people and kinds of things.

Called by `normalise.py` with one cleaned item at a time. Must never translate free text: only
spellings listed in the model become something else.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from muniment.model import catalogue
from muniment.model.secrets import masked, without_user_info
from muniment.model.types import Attribute, Context, Normalised, Scalar, fold

_TRUE_WORDS = """
    yes y true t 1 1.0 x on ja j oui o si sí enabled enable active checked ✓ ✔ vrai wahr included
    required
"""
_FALSE_WORDS = """
    no n false f 0 0.0 off nein non disabled disable inactive unchecked ✗ ✘ faux falsch excluded
"""
_BOOLEANS: Mapping[str, bool] = MappingProxyType(
    dict.fromkeys(_TRUE_WORDS.split(), True) | dict.fromkeys(_FALSE_WORDS.split(), False)
)
_CODE = re.compile(r"^[0-9]{1,3} ?[-\u2013:.)] ?(?=\D)")
_BRACKETS = re.compile(r"\s?[(\[][^()\[\]]*[)\]]$")
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.]+(?:\.[^\s@<>,;:\"()\[\]\\.]+)+")
_PERSON = re.compile(r"([^<>]*)<\s*(?:mailto:)?([^<>\s]+)\s*>")
_LAST_FIRST = re.compile(
    r"((?:[^\W\d_][\w.'-]* ){0,2}[^\W\d_][\w'-]*), ?([^\W\d_][\w.'-]*(?: (?!and\b|und\b|et\b)[^\W\d_][\w.'-]*)?)",
)
_URL = re.compile(r"(?:([a-zA-Z][a-zA-Z0-9+.-]{1,30})://)?([^\s/?#]+)([/?#]\S*)?")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST_WORD = 200
_LONGEST_URL = 2048
_SHOWN = 12


_RESOURCE_PATH = re.compile(r"(?:https?://[^\s/]+/|//|/?projects/|/subscriptions/)\S*?([^/\s]+)/?")


def resource_cell(attribute: Attribute, text: str, context: Context) -> Normalised:
    """Read the name of something in a cloud: of a path to it, the last part."""
    path = _RESOURCE_PATH.fullmatch(text)
    return text_cell(attribute, path[1] if path else text, context)


def text_cell(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Keep text as it is, cleaned."""
    return Normalised((text,))


def enum_cell(attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read one of an enum's spellings, also as "3 - Installed" and "Production (EU)"."""
    spellings = attribute.spellings
    lowered = text.lower()
    found = spellings.get(lowered)
    if found is None and len(text) <= _LONGEST_WORD:
        bare = text.strip(" .:;,*\"'")
        for candidate in (text, _CODE.sub("", text), _BRACKETS.sub("", text), bare):
            found = spellings.get(fold(candidate))
            if found is not None:
                break
    if found is not None:
        return Normalised((found,))
    shown = ", ".join(attribute.values[:_SHOWN])
    return Normalised(problem=f"{text[:60]!r} is no known {attribute.label.lower()}: it is one of {shown}")


def boolean_cell(attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read yes and no in their usual spellings."""
    found = _BOOLEANS.get(text.lower())
    if found is not None:
        return Normalised((found,))
    return Normalised(problem=f"{text[:60]!r} is neither yes nor no: map {attribute.name} again")


def email_cell(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read an e-mail address, also as "Name <address>"."""
    person = _PERSON.fullmatch(text) if text.endswith(">") else None
    address = (person[2] if person else text).strip().removeprefix("mailto:")
    if len(address) > _LONGEST_WORD or not _EMAIL.fullmatch(address):
        return Normalised(problem=f"{text[:60]!r} is no e-mail address: correct it in the source")
    return Normalised((address.lower(),))


def url_cell(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a URL: scheme and host in lower case, without a user name and password."""
    address = without_user_info(text) if "@" in text and len(text) <= _LONGEST_URL else text
    found = _URL.fullmatch(address) if len(address) <= _LONGEST_URL else None
    if found is None or not (found[1] or "." in found[2] or ":" in found[2]):
        return Normalised(problem=f"{masked(text)[:60]!r} is no URL: correct it, or map the column again")
    scheme = f"{found[1].lower()}://" if found[1] else ""
    note = None if address == text else "user name and password left out"
    return Normalised((f"{scheme}{found[2].lower()}{found[3] or ''}",), note=note)


_EMAIL_OF = MappingProxyType({"owner": "owner_email", "user": "user_email"})


def person_cell(attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a person or unit, "Last, First" turned round; an e-mail address beside the name is derived."""
    if "@" not in text or len(text) > _LONGEST_WORD:
        turned = _LAST_FIRST.fullmatch(text[:_LONGEST_WORD])
        return Normalised((f"{turned[2]} {turned[1]}" if turned else text,))
    person = _PERSON.fullmatch(text)
    name, address = (person[1].strip(" \"'"), person[2]) if person else ("", text)
    if not _EMAIL.fullmatch(address):
        return Normalised((text,))
    derived: dict[str, tuple[Scalar, ...]] = {}
    if attribute.name in _EMAIL_OF:
        derived[_EMAIL_OF[attribute.name]] = (address.lower(),)
    return Normalised((name or address.lower(),), derived)


def asset_type_cell(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a kind of thing; a finer kind gives `subtype` too."""
    found = catalogue.asset_type_of(text)
    if found is None:
        return Normalised(
            problem=f"{text[:60]!r} is no known asset type: it is one of " + ", ".join(catalogue.asset_types())
        )
    kind, subtype = found
    return Normalised((kind,), {"subtype": (subtype,)} if subtype else {})


def subtype_cell(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a finer kind of thing, which gives `asset_type` too; unknown ones are kept, and "misc" says no type."""
    found = catalogue.asset_type_of(text)
    if found == ("other", None):
        found = None
    if found and found[1]:
        return Normalised((found[1],), {"asset_type": (found[0],)})
    slug = _NOT_SLUG.sub("_", text[:_LONGEST_WORD].lower()).strip("_")
    derived: dict[str, tuple[Scalar, ...]] = {"asset_type": (found[0],)} if found else {}
    if not slug or (found and slug in catalogue.asset_types()):
        return Normalised(derived=derived, note=f"{text[:60]!r} names no subtype")
    return Normalised((slug,), derived)


def cloud_id_cell(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a cloud resource id; Azure's mean the same in any case."""
    azure = text[:15].lower() == "/subscriptions/"
    return Normalised((text.lower() if azure else text,))
