"""The command as people run it, in this process: `main` with its arguments, its exit code, what it printed."""

import contextlib
import dataclasses
import io
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from muniment.base import settings
from muniment.base.home import Home
from muniment.cli import main


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str
    raw: bytes = dataclasses.field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


@contextlib.contextmanager
def _engines() -> Iterator[None]:
    """Close what commands leave for the end of their process."""
    opened: set[sa.Engine] = set()

    def note(connection: sa.Connection) -> None:
        opened.add(connection.engine)

    sa.event.listen(sa.Engine, "engine_connect", note)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "engine_connect", note)
        for engine in opened:
            engine.dispose()


@pytest.fixture(scope="session")
def door() -> Callable[[Home], Run]:
    """Give a home to get its command: `run("assets", "--json")`."""

    def of(home: Home) -> Run:
        def run(*arguments: object) -> Answer:
            out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
            code = 0
            with pytest.MonkeyPatch.context() as patch, _engines():
                scope = {"tenant": home.scope.tenant, "engagement": home.scope.engagement}
                for setting in settings.SETTINGS:
                    given = scope.get(setting.name) or home.settings[setting.name]
                    if given:
                        patch.setenv(setting.variable, str(given))
                patch.setattr(sys, "argv", ["muniment", *(str(argument) for argument in arguments)])
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                    try:
                        main()
                    except SystemExit as end:
                        code = int(end.code or 0)
            raw = out.buffer.getvalue()
            return Answer(code, raw.decode(errors="replace"), err.buffer.getvalue().decode(), raw)

        return run

    return of


@pytest.fixture(scope="session")
def look(door, estate_home) -> Run:
    """The command in a home with four machines, each in three sources; for reading only."""
    return door(estate_home)


@pytest.fixture
def change(door, estate) -> Run:
    """The command in a copy of that home of the test's own."""
    return door(estate)


@pytest.fixture
def fresh(door, home) -> Run:
    """The command in an empty home."""
    return door(home)
