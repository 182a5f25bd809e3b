"""The gates that no ready-made linter has: sizes, opening docstrings, names, wide excepts, words.

Part of `make lint`; `python tools/gates.py [FOLDER]` checks one checkout. Exceptions are listed by
name in pyproject.toml, `[tool.muniment.gates]`; one that is no longer needed is itself a problem.
It reads files and prints; it must never change one.
"""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
MAX_PARAMETERS = 8
COMMANDS = "src/muniment/cli/"  # a command has one parameter for each of its options
MODULE_DOCSTRING_LINES = range(2, 6)
FRONT_PAGE_DOCSTRING_LINES = range(2, 16)

SIZED = ("src/", "tests/", "bench/", "tools/")
DOCUMENTED = ("src/", "bench/", "tools/")
MAY_CATCH_ALL = ("src/muniment/base/jobs.py", "src/muniment/base/jobs/")

EMPTY_WORDS = {"core", "common", "utils", "helpers", "manager", "handler", "service"}
EMPTY_AFFIXES = re.compile(r"(?:_v\d+$|^_*new_|^_*enhanced_)")

# The project speaks of itself alone: no machine's folders, no tool that happened to be used.
# One letter of each word is in brackets, so that this list does not match itself.
FOREIGN_WORDS = re.compile(
    rb"\bC[l]aude\b|\bC[h]atGPT\b|\bas an A[I]\b|\bthis s[e]ssion\b|\bf[a]rm-"
    rb"|(?<![\w.])/w[o]rk/|(?<![\w.])/r[o]ot/|(?<![\w.])/(?:h[o]me|U[s]ers)/\w+/",
    re.IGNORECASE,
)
SKIPPED_FOLDERS = {"__pycache__", "node_modules", "build", "dist"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach; `gate` and `subject` are the names under which it could be excepted."""

    gate: str
    subject: str
    message: str


def check(root: Path) -> list[str]:
    """Check the checkout at `root`; one line per problem, empty when all is well.

    Raises:
        OSError: a listed file cannot be read.
    """
    allowed = _exceptions(root)
    used: set[tuple[str, str]] = set()
    lines = []
    for problem in _problems(root):
        if problem.subject in allowed.get(problem.gate, ()):
            used.add((problem.gate, problem.subject))
        else:
            lines.append(f"{problem.subject}: {problem.message} [{problem.gate}]")
    for gate, subjects in allowed.items():
        lines += [
            f"pyproject.toml: exception {gate}: {subject!r} is not needed: delete it"
            for subject in subjects
            if (gate, subject) not in used
        ]
    return sorted(lines)


def _exceptions(root: Path) -> dict[str, list[str]]:
    file = root / "pyproject.toml"
    if not file.exists():
        return {}
    settings = tomllib.loads(file.read_text(encoding="utf-8"))
    gates: dict[str, list[str]] = settings.get("tool", {}).get("muniment", {}).get("gates", {})
    return gates


def _problems(root: Path) -> Iterator[Problem]:
    for path in _listed(root):
        content = (root / path).read_bytes()
        yield from _words(path, content)
        if not path.endswith(".py") or not path.startswith(SIZED):
            continue
        text = content.decode("utf-8")
        tree = ast.parse(text, path)
        yield from _sizes(path, text, tree)
        if path.startswith(DOCUMENTED):
            yield from _docstring(path, tree)
        if path.startswith("src/"):
            yield from _names(path, tree)
            yield from _excepts(path, tree)


def _listed(root: Path) -> list[str]:
    """Tracked and untracked files that are not ignored; without git, all but hidden folders."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        names: Iterable[str] = listing.stdout.decode("utf-8").split("\0")
    else:
        names = _walked(root)
    return sorted(name for name in names if name and (root / name).is_file())


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        kept = (name for name in folders if name not in SKIPPED_FOLDERS)
        folders[:] = [name for name in kept if not name.startswith(".") or name == ".ci"]
        yield from (Path(folder, name).relative_to(root).as_posix() for name in files)


def _words(path: str, content: bytes) -> Iterator[Problem]:
    if b"\0" in content[:8192]:
        return
    for match in FOREIGN_WORDS.finditer(content):
        line = content.count(b"\n", 0, match.start()) + 1
        word = match[0].decode("utf-8")
        yield Problem("words", path, f"line {line}: {word!r} has no place in this project's text")


def _sizes(path: str, text: str, tree: ast.Module) -> Iterator[Problem]:
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        yield Problem("files", path, f"{lines} lines, at most {MAX_FILE_LINES}: split it")
    for name, function in _functions(tree):
        subject = f"{path}:{name}"
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > MAX_FUNCTION_LINES:
            message = f"{length} lines, at most {MAX_FUNCTION_LINES}: split it"
            yield Problem("functions", subject, message)
        arguments = function.args
        count = len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)
        count += bool(arguments.vararg) + bool(arguments.kwarg)
        if count > MAX_PARAMETERS and not path.startswith(COMMANDS):
            message = f"{count} parameters, at most {MAX_PARAMETERS}: give it a type"
            yield Problem("parameters", subject, message)


def _functions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


def _docstring(path: str, tree: ast.Module) -> Iterator[Problem]:
    lines = [line for line in (ast.get_docstring(tree) or "").splitlines() if line.strip()]
    front_page = path.endswith("/__init__.py")
    span = FRONT_PAGE_DOCSTRING_LINES if front_page else MODULE_DOCSTRING_LINES
    if len(lines) not in span:
        message = (
            f"opens with {len(lines)} lines of docstring, {span[0]} to {span[-1]} are due: "
            "what is here, who calls it, what it must never do"
        )
        yield Problem("docstrings", path, message)


def _names(path: str, tree: ast.Module) -> Iterator[Problem]:
    for part in path.removeprefix("src/").removesuffix(".py").split("/"):
        if _is_empty(part):
            yield Problem("names", path, f"{part!r} says nothing: name what it is about")
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.name).lower()
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            # A function may be about a handler or a service; only the affixes tell of a copy.
            name = node.name if EMPTY_AFFIXES.search(node.name) else ""
        else:
            continue
        if name and _is_empty(name):
            message = f"{node.name!r} says nothing: name what it is about"
            yield Problem("names", f"{path}:{node.name}", message)


def _is_empty(name: str) -> bool:
    return bool(EMPTY_WORDS & set(name.split("_"))) or bool(EMPTY_AFFIXES.search(name))


def _excepts(path: str, tree: ast.Module) -> Iterator[Problem]:
    if path.startswith(MAY_CATCH_ALL):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        if any(
            kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}) for kind in kinds
        ):
            message = f"line {node.lineno}: catches everything: name what can go wrong"
            yield Problem("excepts", path, message)


def main(arguments: list[str]) -> int:
    """Print the problems of one checkout; 1 when there is one."""
    root = Path(arguments[0]) if arguments else Path(__file__).parent.parent
    found = check(root)
    for line in found:
        print(line)
    print(f"Gates: {len(found)} problems." if found else "Gates: all kept.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
