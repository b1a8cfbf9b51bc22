"""Pack every function's source zip, the same bytes for the same sources on any machine.

A zip holds what the function's `main.py` reaches by imports, at the paths of the repository, the
other files that stand in those packages, the lock as `requirements.txt`, and a `main.py` at the
root, which is where the buildpack looks. Nothing is compressed, so that no version of zlib shows
in the bytes; a name made from them changes exactly when the function does.
"""

import argparse
import ast
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
OURS: Final = ("functions", "shared")
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
CODE: Final = {".py", ".pyc"}


def functions(root: Path = ROOT) -> tuple[str, ...]:
    """The names of all functions: the folders of `functions/` with a `main.py`."""
    return tuple(sorted(path.parent.name for path in root.glob("functions/*/main.py")))


def contents(name: str, root: Path = ROOT) -> dict[str, bytes]:
    """The files of a function's zip, by name, in the order they are packed."""
    modules = _reached(f"functions.{name}.main", root)
    found = {str(path.relative_to(root)): path for path in modules}
    for folder in {path.parent for path in modules} - {root / "functions"}:
        for path in _data(folder):
            found[str(path.relative_to(root))] = path
    files = {at: path.read_bytes() for at, path in found.items()}
    files["requirements.txt"] = (root / "functions" / "requirements.txt").read_bytes()
    files["main.py"] = f"from functions.{name}.main import {name} as {name}\n".encode()
    return dict(sorted(files.items()))


def pack(name: str, target: Path, root: Path = ROOT) -> Path:
    """Write `target/<name>.zip` and return its path."""
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for at, data in contents(name, root).items():
            entry = zipfile.ZipInfo(at, LONG_AGO)
            entry.create_system = 3  # Unix, whatever packs it
            entry.external_attr = 0o100644 << 16
            file.writestr(entry, data)
    return path


def _reached(module: str, root: Path) -> set[Path]:
    """The files of a module and of all our own modules that it imports, wherever in the text."""
    seen: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(name, root)
        if path is None or path in seen:
            continue
        seen.add(path)
        package, _, _ = name.rpartition(".")
        waiting += [package] if package else []
        waiting += _imported(path)
    return seen


def _imported(path: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if _is_ours(each.name))
        elif isinstance(node, ast.ImportFrom) and not node.level and _is_ours(node.module or ""):
            yield str(node.module)
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in OURS


def _file(name: str, root: Path) -> Path | None:
    """The file of a module or package; None for a name inside a module."""
    base = root.joinpath(*name.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _data(package: Path) -> Iterable[Path]:
    """Files of a package that are no code: templates and the like, in folders of their own too."""
    for path in sorted(package.iterdir()):
        if path.is_dir():
            if path.name != "__pycache__" and not (path / "__init__.py").exists():
                yield from (each for each in path.rglob("*") if each.is_file())
        elif path.suffix not in CODE:
            yield path


def main(given: Sequence[str] | None = None) -> None:
    """Pack the named functions, or all, and print the zips' paths."""
    arguments = argparse.ArgumentParser(description="Pack the functions' source zips.")
    arguments.add_argument("names", nargs="*", default=functions())
    arguments.add_argument("--target", type=Path, default=ROOT / "build")
    chosen = arguments.parse_args(given)
    for name in chosen.names:
        sys.stdout.write(f"{pack(name, chosen.target)}\n")


if __name__ == "__main__":
    main()
