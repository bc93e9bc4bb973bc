"""Which of the package's sources a script stands on, so that changed code makes what depends on it anew."""

import ast
import re
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

# parsing whole files would take a tenth of a second of every job
# a module that loads what others name as "gradalign.module:object" stands on all that those name
_LOADS, _HOMES = "import_module(", re.compile(r"\"gradalign((?:\.\w+)+):\w+\"")
_IMPORTS = re.compile(r"^[ \t]*((?:from|import)[ \t]+gradalign\b(?:[^\n(]*\([^)]*\)|[^\n]*))", re.MULTILINE)


def source_files(script):
    """Return a script and the modules of gradalign that it imports, directly or through others.

    A package's ``__init__`` counts only where a name is imported from it: what it gathers for its users does
    not change what its modules do.

    Parameters
    ----------
    script : str or path
        A Python file.

    Returns
    -------
    list of pathlib.Path
        The script first, then the modules, sorted.
    """
    found, waiting = set(), list(_imported(Path(script)))
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting.extend(_imported(module))
    return [Path(script), *sorted(found)]


@lru_cache
def _imported(path):
    """Return the files of gradalign's modules that one file names in its imports."""
    text = path.read_text(encoding="utf-8")
    statements = _IMPORTS.findall(text)
    tree = ast.parse("\n".join(statements), filename=str(path))
    files = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        for module, name in names:
            if module.split(".")[0] == PACKAGE.name:
                files.add(_file(module, name))
    if _LOADS in text:
        named = [home for file in files for home in _HOMES.findall(file.read_text(encoding="utf-8"))]
        files |= {_file(PACKAGE.name + home, None) for home in named}
    return files


def _file(module, name):
    """Return the file of ``from module import name``, or of ``import module`` where `name` is None."""
    here = PACKAGE.joinpath(*module.split(".")[1:])
    candidates = [here / f"{name}.py", here / str(name) / "__init__.py"] if name else []
    candidates += [here.with_suffix(".py"), here / "__init__.py"]
    return next(path for path in candidates if path.is_file())
