"""Imports what is no file yet: a stream, or tables of another database. Both are put into files first.

Called by the doors. The files lie in the home until their import is done, so that an interrupted one
can be carried on; what a stream may take is bounded.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from muniment import evidence
from muniment.base import ids
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home
from muniment.flows.import_batch import import_files
from muniment.flows.progress import Progress, quiet
from muniment.flows.summary import Summary
from muniment.flows.types import Request

_PIECE = 1024 * 1024
_KEPT_SECONDS = 7 * 24 * 3600
"""How long the files of an import that was killed wait to be carried on."""


def import_stream(
    home: Home, stream: BinaryIO, request: Request, name: str = "stream", progress: Progress = quiet
) -> Summary:
    """Import what a stream gives, as if it were a file of that name.

    Args:
        home: The home.
        stream: Read to its end, or to the setting `stream_mib`.
        request: As for files; its paths are ignored.
        name: Shown as the file's name; its ending tells the format where the content does not.
        progress: Told of each mebibyte.

    Raises:
        Rejected: the stream gives nothing, too much, or nothing that can be read.
    """
    limit = home.settings["stream_mib"]
    with _incoming(home) as folder:
        path = folder / (Path(name).name or "stream")
        size = 0
        with path.open("wb") as file:
            while piece := stream.read(_PIECE):
                size += len(piece)
                if size > limit * _PIECE:
                    raise Rejected(
                        f"the stream gives more than {limit:,} MiB: is it endless? "
                        "Save it to a file, or raise the setting stream_mib"
                    )
                file.write(piece)
                progress("receive", size // _PIECE, None, name)
        if not size:
            raise Rejected("the stream is empty: nothing was sent, check the command before the pipe")
        return import_files(home, replace(request, paths=(path,)), progress)


def import_tables(home: Home, url: str, tables: Sequence[str], request: Request, progress: Progress = quiet) -> Summary:
    """Import tables or views of another database.

    Args:
        home: The home.
        url: postgresql://user@host/name, or any other that SQLAlchemy knows; never stored.
        tables: Their names, "name" or "schema.name".
        request: As for files; its paths are ignored.
        progress: Told of each batch of rows.

    Raises:
        NotFound: there is no such table.
        Rejected: no table is named (the message lists them), or the database cannot be read.
        Permanent: its driver is not installed.
    """
    where = evidence.database(url, home.settings["source_password"])
    with _incoming(home) as folder:
        paths = evidence.copy_tables(where, tables, folder, lambda table, rows: progress("receive", rows, None, table))
        return import_files(home, replace(request, paths=tuple(paths)), progress)


@contextmanager
def _incoming(home: Home) -> Iterator[Path]:
    """A folder for the files of one import; it goes when the import is done or refused."""
    place = home.settings.home / "incoming"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in place.iterdir():
        if left.stat().st_mtime < time.time() - _KEPT_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    folder = place / str(ids.new())
    folder.mkdir(mode=0o700)
    try:
        yield folder
    except (Rejected, NotFound):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
