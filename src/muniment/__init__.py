"""Muniment: one register from conflicting IT inventories, with proof of every value.

The Python API is `open`; the command line is `muniment.cli`; every other folder is one domain with
a front page of its own. Importing this loads nothing else.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which takes longer to load than this file
if TYPE_CHECKING:
    import os

    from muniment import estate

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(  # noqa: A001 - as one says it: muniment.open(home)
    home: str | os.PathLike[str] | None = None,
    *,
    tenant: str | None = None,
    engagement: str | None = None,
    actor: str | None = None,
    create: bool = True,
) -> estate.Estate:
    """Open a home and the register in it; made where they do not exist.

    Use it in a `with` statement, or call `close()`.

    Args:
        home: its folder (else MUNIMENT_HOME, else `~/.muniment`), or the URL of a PostgreSQL 15 or
            newer with pgvector, `postgresql://user:password@host/database`.
        tenant: the client account to work on; else as the home's settings say.
        engagement: the piece of work within it; else as the home's settings say.
        actor: who is named as the author of changes; else the operating system's user.
        create: whether to make a tenant or engagement that does not exist.

    Raises:
        Rejected: the home cannot be a folder, or a name is empty or too long.
        NotFound: there is no such tenant or engagement and `create` is false.
        Permanent: the database cannot be started or brought to this version.
        Retryable: the database does not answer at the moment.
    """
    from muniment import estate as front

    return front.open_estate(home, tenant=tenant, engagement=engagement, actor=actor, create=create)
