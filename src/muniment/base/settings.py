"""Every setting, typed and described, in one list; their values from environment and file.

Order of origin: `MUNIMENT_*` variable, `<home>/muniment.toml`, default. Docs and the
`muniment settings` command come from the same list. Never read the environment elsewhere.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muniment.base.errors import Rejected


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: the name in the file, `MUNIMENT_<NAME>` in the environment."""

    name: str
    kind: type
    default: Any
    description: str
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"MUNIMENT_{self.name.upper()}"


SETTINGS: tuple[Setting, ...] = (
    Setting("home", Path, Path("~/.muniment"), "Folder of the database, the lake and the file of settings."),
    Setting("database_url", str, "", "A PostgreSQL >= 15 with pgvector instead of the embedded one.", secret=True),
    Setting("lake_url", str, "", "Where raw records are kept (any fsspec URL); default: `lake` in the home."),
    Setting("tenant", str, "default", "The client account whose data is worked on."),
    Setting("engagement", str, "default", "The piece of work within the tenant."),
    Setting("actor", str, "", "Who is named as the author of changes; default: the operating system's user."),
    Setting("idle_seconds", int, 900, "The embedded database stops after so many seconds without use."),
    Setting("auto_threshold", float, 0.9, "A column mapping at least this probable is applied by itself."),
    Setting("suggest_threshold", float, 0.6, "A column mapping at least this probable is proposed."),
    Setting("reject_threshold", float, 0.3, "A column mapping below this is not shown as a runner-up."),
    Setting("stream_mib", int, 1024, "What `muniment import -` takes before it calls a stream endless, in MiB."),
    Setting("workbook_password", str, "", "Passwords to try on protected workbooks, one per line.", secret=True),
    Setting("source_password", str, "", "Password of a database to import from, where its URL has none.", secret=True),
    Setting("embedding_model", str, "built-in", "What makes vectors: built-in, local, local:FOLDER, a model."),
    Setting("embedding_url", str, "", "Endpoint that makes vectors; it is sent descriptions of assets."),
    Setting("embedding_key", str, "", "The API key of that endpoint.", secret=True),
    Setting("memory_limit", str, "4GB", "Memory that the bulk engine may use before it spills to disk."),
)  # fmt: skip

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force and where each came from; build it with `load`."""

    values: Mapping[str, Any] = field(repr=False)  # the database's URL may hold a password
    origins: Mapping[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def home(self) -> Path:
        """The home folder, absolute."""
        home: Path = self.values["home"]
        return home

    @property
    def lake_url(self) -> str:
        """The lake's URL or folder."""
        return self.values["lake_url"] or str(self.home / "lake")


def load(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read all settings; `overrides` (command-line options, tests) win over everything.

    Raises:
        Rejected: a value has the wrong type, or the file has a key that is no setting.
    """
    given = {k: v for k, v in (overrides or {}).items() if v is not None}
    by_name = {setting.name: setting for setting in SETTINGS}
    home = _convert(
        by_name["home"],
        given.get("home") or os.environ.get("MUNIMENT_HOME") or by_name["home"].default,
        "MUNIMENT_HOME",
    )
    file = home / "muniment.toml"
    stored = _read(file)
    for key in stored:
        if key not in by_name or key == "home":
            raise Rejected(f"{file}: `{key}` is not a setting: see `muniment settings` for the list")
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        name = setting.name
        if name in given:
            value, origin = given[name], "command line"
        elif setting.variable in os.environ:
            value, origin = os.environ[setting.variable], setting.variable
        elif name in stored:
            value, origin = stored[name], str(file)
        else:
            value, origin = setting.default, "default"
        values[name] = home if name == "home" else _convert(setting, value, origin)
        origins[name] = origin
    return Settings(values, origins)


def store(home: Path, changes: Mapping[str, str]) -> Path:
    """Keep settings in the home's file, readable by its owner alone; returns the file.

    Raises:
        Rejected: a line of the file cannot be replaced by itself.
    """
    file = home / "muniment.toml"
    wanted = {**_read(file), **changes}
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    kept = [line for line in lines if line.partition("=")[0].strip().strip("\"'") not in changes]
    text = "\n".join([*kept, *(f"{key} = {json.dumps(value)}" for key, value in changes.items())]) + "\n"
    try:
        understood = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        understood = None
    if understood != wanted:
        raise Rejected(f"{file} could not be changed: set {', '.join(changes)} in it by hand")
    part = file.with_name("muniment.toml.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    part.replace(file)
    return file


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError as error:
        raise Rejected(f"{file.parent} is not a folder: set MUNIMENT_HOME to one") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Rejected(f"{file}: not valid TOML: {error}") from error


def _convert(setting: Setting, value: Any, origin: str) -> Any:
    if setting.kind is Path:
        return Path(value).expanduser().absolute()
    if setting.kind is bool and not isinstance(value, bool):
        text = str(value).strip().lower()
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        raise Rejected(f"{setting.name} = {value!r} ({origin}): give true or false")
    try:
        if setting.kind is float and not 0 <= float(value) <= 1:
            raise Rejected(f"{setting.name} = {value!r} ({origin}): give a share from 0 to 1")
        return setting.kind(value)
    except (TypeError, ValueError) as error:
        wanted = "a whole number" if setting.kind is int else "a number"
        raise Rejected(f"{setting.name} = {value!r} ({origin}): give {wanted}") from error
