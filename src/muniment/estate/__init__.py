"""The Python API: one object per engagement, with everything a person or a program asks of it.

`muniment.open` makes an `Estate`; the command line and every later door render what it returns. Each
call is one transaction or one flow; nothing here queries or decides, the domains below do.
"""

from muniment.base.census import Census, Held, census
from muniment.base.reset import Emptied, reset
from muniment.estate.assets import Assets
from muniment.estate.estate import Estate, open_estate, open_with
from muniment.estate.find import asset as find_asset
from muniment.estate.govern import PolicyState
from muniment.estate.keeping import delete_engagement, drop_embedded, move
from muniment.estate.mappings import Column, Mappings
from muniment.estate.types import Claimed, History, ImportOptions, KnownSource, PastImport

__all__ = [
    "Assets",
    "Census",
    "Claimed",
    "Column",
    "Emptied",
    "Estate",
    "Held",
    "History",
    "ImportOptions",
    "KnownSource",
    "Mappings",
    "PastImport",
    "PolicyState",
    "census",
    "delete_engagement",
    "drop_embedded",
    "find_asset",
    "move",
    "open_estate",
    "open_with",
    "reset",
]
