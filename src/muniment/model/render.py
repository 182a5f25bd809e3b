"""The model as a page people read: docs/model.md.

Called by `python -m muniment.model`. Must never say what the catalogue does not hold.
"""

from collections.abc import Iterator
from itertools import groupby

from muniment.model.catalogue import asset_types, attributes
from muniment.model.types import STATES, Attribute

_HEAD = """# The model

Made from the model itself by `python -m muniment.model > docs/model.md`; a test fails when the two
differ. To extend it, edit `src/muniment/model/attributes.toml` and `asset_types.toml`, or add an
attribute of your own with `muniment mappings set COLUMN ATTRIBUTE --new text`.

Columns: *type* is how a cell is read, with the unit its value is stored in; `[]` marks a list.
*Identity* says what an equal value means: `exclusive` (normally belongs to one thing), `name`,
`address`. *Severity* is that of a conflict. *Policy* is how the register chooses between claims
when nobody has said otherwise. *Personal* marks data about (`personal`) or reaching (`contact`) a
person.
"""
_TABLE = """
| attribute | description | type | identity | severity | policy | personal |
|---|---|---|---|---|---|---|"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _row(attribute: Attribute) -> str:
    kind = attribute.type + (f" ({attribute.unit})" if attribute.unit else "")
    cells = (
        f"`{attribute.name}`",
        _cell(f"**{attribute.label}.** {attribute.description}"),
        kind + (" []" if attribute.multi else ""),
        "" if attribute.role == "none" else attribute.role,
        attribute.severity,
        attribute.policy,
        "" if attribute.pii == "none" else attribute.pii,
    )
    return f"| {' | '.join(cells)} |"


def _lines() -> Iterator[str]:
    yield _HEAD
    everything = attributes().values()
    yield f"{len(everything)} attributes, {len(asset_types())} asset types.\n"
    yield f"The states of an asset, in order: {', '.join(STATES)}.\n"
    yield "## Asset types\n\nThings of one family may turn out to be the same thing.\n"
    yield "| type | description | family | subtypes |\n|---|---|---|---|"
    for kind in asset_types().values():
        subtypes = ", ".join(kind.subtypes)
        yield f"| `{kind.name}` | {kind.description} | {kind.family} | {subtypes} |"
    for group, members in groupby(everything, key=lambda attribute: attribute.group):
        yield f"\n## {group.replace('_', ' ').capitalize()}"
        yield _TABLE
        yield from map(_row, members)
    yield "\n## Values of enums\n\n| attribute | values |\n|---|---|"
    for attribute in everything:
        if attribute.values:
            yield f"| `{attribute.name}` | {', '.join(attribute.values)} |"


def render_markdown() -> str:
    """Give docs/model.md."""
    return "\n".join(_lines()) + "\n"
