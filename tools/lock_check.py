"""Checks offline that requirements.lock pins what pyproject.toml asks for; part of `make lint`.

Run requirements and the `dev` group must be pinned, with hashes, in a version that satisfies them;
extras are not locked. It must never name a package index or a folder. `make lock` mends all that.
"""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)
ADDRESS = re.compile(r"(?:https?|file)://|--(?:index|extra-index|find-links)|^\s*/|@ ", re.MULTILINE)


def problems(pyproject: str, lock: str) -> list[str]:
    """Say what is wrong with the text of a lock file; an empty list when nothing is.

    Args:
        pyproject: the text of pyproject.toml.
        lock: the text of requirements.lock.
    """
    found = []
    project = tomllib.loads(pyproject)
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    pins: dict[str, list[Version]] = {}
    for pin in PIN.finditer(lock):
        pins.setdefault(canonicalize_name(pin["name"]), []).append(Version(pin["version"]))
    for text in wanted:
        requirement = Requirement(text)
        versions = pins.get(canonicalize_name(requirement.name), [])
        if not versions:
            found.append(f"{text}: not in the lock")
        found += [
            f"{text}: locked at {version}"
            for version in versions
            if not requirement.specifier.contains(version, prereleases=True)
        ]
    entries = [entry for entry in re.split(r"\n(?=\S)", lock) if PIN.match(entry)]
    found += [f"{entry.split()[0]}: no hash" for entry in entries if "--hash=sha256:" not in entry]
    found += [f"names an address or a folder: {match[0]!r}" for match in ADDRESS.finditer(lock)]
    return found


def main() -> int:
    """Print the problems of this project's lock file; 1 when there is one."""
    root = Path(__file__).parent.parent
    found = problems(
        (root / "pyproject.toml").read_text(encoding="utf-8"),
        (root / "requirements.lock").read_text(encoding="utf-8"),
    )
    for problem in found:
        print(f"requirements.lock: {problem}")
    if found:
        print("Run `make lock` and commit the result.")
    else:
        print("The lock file agrees with pyproject.toml.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
