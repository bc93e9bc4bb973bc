"""What comes from outside is data and stays where it belongs: no code from files, no way out of a folder by a name."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradalign.io.star import Particles, write_particles

WORKFLOW = Path(__file__).parents[2] / "workflow"
SOURCES = sorted([*(WORKFLOW / "gradalign").rglob("*.py"), *(WORKFLOW / "scripts").glob("*.py")])
# what makes objects or programs of bytes
FORBIDDEN = {
    *(f"{module}.{name}" for module in ("pickle", "marshal", "dill", "joblib", "shelve") for name in ("load", "loads")),
    *("eval", "exec", "compile", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "os.system", "shelve.open"),
    *("pd.read_pickle", "pandas.read_pickle", "np.fromfile", "tarfile.open", "zipfile.ZipFile"),
}


def calls(text):
    """Yield each call in a program: its dotted name and its keywords."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            keywords = {keyword.arg: getattr(keyword.value, "value", ...) for keyword in node.keywords}
            yield ast.unparse(node.func), keywords


def dangers(text):
    """Return the calls of a program that would take code from data."""
    found = []
    for name, keywords in calls(text):
        if name in FORBIDDEN or keywords.get("shell", False) is not False:
            found.append(name)
        if name in ("np.load", "numpy.load") and keywords.get("allow_pickle", ...) is not False:
            found.append(name)
    return found


@pytest.mark.parametrize(
    "text",
    ["pickle.loads(x)", "np.load(p)", "np.load(p, allow_pickle=True)", "yaml.load(x)", "subprocess.run(x, shell=True)"],
)
def test_dangers_are_seen(text):
    assert dangers(text)


def test_no_program_takes_code_from_data():
    assert {path.name: found for path in SOURCES if (found := dangers(path.read_text(encoding="utf-8")))} == {}


def test_one_module_alone_downloads():
    fetching = ("urllib.request", "http.client", "requests", "socket.create_connection", "ftplib")
    found = {
        path.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if name.startswith(fetching)
    }
    assert found == {"sources.py"}


# says which files a program opens for writing, and what it would remove or rename
WITNESS = """
import json, sys
written = []
def witness(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        written.append(str(arguments[0]))
    elif event in ("os.rename", "os.remove", "os.mkdir", "os.link", "os.symlink"):
        written.extend(str(argument) for argument in arguments if isinstance(argument, str))
from gradalign.io.star import join_particles, read_particles, write_particles
from gradalign.particles.aligned import write_aligned
from gradalign.particles.star import read_picked
import numpy as np
given, folder = sys.argv[1:]
sys.addaudithook(witness)
particles = read_particles(given)
write_particles(folder + "/joined.star", join_particles([particles, particles]))
picked = read_picked(given)
count = len(picked)
poses = np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 3))
write_aligned(folder + "/aligned.star", picked, range(count), poses, 1.0, 32, {})
print(json.dumps(written))
"""


def test_names_in_star_files_lead_no_file_out_of_the_folder_that_is_written(tmp_path):
    names = ["000001@../../outside.mrcs", "000002@/outside.mrcs", "000003@~/outside.mrcs", "000004@a;rm -r b.mrcs"]
    poses = np.tile(np.eye(3), (4, 1, 1)), np.zeros((4, 3))
    write_particles(tmp_path / "given.star", Particles(names, *poses, 1.0, 32, 300.0, 2.7))
    folder = tmp_path / "results"
    folder.mkdir()
    command = [sys.executable, "-c", WITNESS, str(tmp_path / "given.star"), str(folder)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    written = json.loads(run.stdout)
    assert {Path(name).name for name in written} >= {"joined.star", "aligned.star"}
    assert [name for name in written if Path(name).parent != folder] == []
    # they stay texts
    assert all(name in (folder / "joined.star").read_text(encoding="utf-8") for name in names[:3])
