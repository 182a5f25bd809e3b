"""Looking after a whole home: delete an engagement, move to another database, drop the one left behind.

These take settings, since they concern more than the engagement an estate is open for.
"""

from __future__ import annotations

from muniment import flows
from muniment.base import home as homes
from muniment.base import reset
from muniment.base.errors import Rejected
from muniment.base.settings import Settings


def delete_engagement(configuration: Settings, name: str, progress: flows.Progress = flows.quiet) -> flows.Removed:
    """Remove an engagement of the tenant in the settings: its rows and its raw files, nothing else.

    Raises:
        NotFound: there is no such engagement.
        Permanent: something of it would be left; nothing was removed.
    """
    chosen = Settings({**configuration.values, "engagement": name}, configuration.origins)
    home = homes.open_home(chosen, create=False)
    try:
        return flows.delete_engagement(home, progress)
    finally:
        home.scope.engine.dispose()


def move(
    configuration: Settings, url: str, lake: str | None = None, progress: flows.Progress = flows.quiet
) -> flows.Moved:
    """Copy a home into another, empty PostgreSQL, verify it, and point the home to it; the old one stays.

    Args:
        configuration: of the home.
        url: `postgresql://user:password@host/database`, 15 or newer with pgvector.
        lake: a folder or URL to move the raw files to as well.
        progress: called as tables and files go over.

    Raises:
        Rejected: the URL is none, or that database holds other data.
        Permanent: it cannot be prepared, or what arrived differs; nothing was kept.
        Retryable: a command is at work in the home, or a database does not answer.
    """
    return flows.move(configuration, url, lake, progress)


def drop_embedded(configuration: Settings) -> int:
    """Remove the embedded database that a home was moved away from; returns the bytes it took.

    Raises:
        Rejected: the home still uses it.
    """
    if not configuration["database_url"]:
        raise Rejected("this home uses its embedded database: `muniment move --to URL` first, or `muniment home reset`")
    return reset.drop_embedded(configuration.home)
