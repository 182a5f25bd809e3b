"""`Estate`: an open register and every verb on it. `muniment.open` and the command line make one.

Each call is one transaction, or one flow that takes the engagement's writer lock.
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any, Self

from muniment.base import home as homes
from muniment.base import settings
from muniment.base.home import Home
from muniment.estate.alike import FindsAlike
from muniment.estate.bring_in import BringsIn
from muniment.estate.correct import Corrects
from muniment.estate.examine import Examines
from muniment.estate.govern import Governs
from muniment.estate.hand_out import HandsOut
from muniment.estate.identify import Identifies
from muniment.estate.match_models import Weighs


def open_estate(
    home: str | os.PathLike[str] | None = None,
    *,
    tenant: str | None = None,
    engagement: str | None = None,
    actor: str | None = None,
    create: bool = True,
) -> Estate:
    """What `muniment.open` does: see there."""
    given: dict[str, Any] = {"tenant": tenant, "engagement": engagement, "actor": actor}
    text = os.fspath(home) if home is not None else None
    given["database_url" if text and "://" in text else "home"] = text
    return open_with(settings.load(given), create=create)


def open_with(configuration: settings.Settings, *, create: bool = True) -> Estate:
    """Open the home that settings name; for doors that read their own options.

    Raises:
        Rejected: the home cannot be a folder, or a name is empty or too long.
        NotFound: there is no such tenant or engagement and `create` is false.
        Permanent: the database cannot be started or brought to this version.
        Retryable: the database does not answer at the moment.
    """
    return Estate(homes.open_home(configuration, create=create))


class Estate(BringsIn, Examines, Corrects, Identifies, Governs, HandsOut, FindsAlike, Weighs):
    """The register of one engagement. Close it, or use it in a `with` statement.

    An asset is given to any method by its name, its id, the end of its id, any exact value such as a
    serial, or as the `Asset` itself.
    """

    def __init__(self, home: Home) -> None:
        self.home = home

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<estate {self.tenant}/{self.engagement} in {self.home.settings.home}>"

    def close(self) -> None:
        """Give the connections back; the embedded database stops by itself when nobody uses it."""
        self.home.scope.engine.dispose()

    @property
    def tenant(self) -> str:
        """The client account whose data this is."""
        return self.home.scope.tenant

    @property
    def engagement(self) -> str:
        """The piece of work within it."""
        return self.home.scope.engagement
