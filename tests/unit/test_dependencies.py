import subprocess
import sys
from pathlib import Path

import pytest

from gradalign.base.sources import PACKAGE, source_files

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def modules(script):
    return {str(path.relative_to(PACKAGE)) for path in source_files(script)[1:]}


def write(folder, text):
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    return script


def test_the_script_itself_comes_first(tmp_path):
    script = write(tmp_path, "import numpy\n")
    assert source_files(script) == [script]


@pytest.mark.parametrize(
    "line",
    [
        "from gradalign.geometry.wedge import measured",
        "from gradalign.geometry import wedge",
        "import gradalign.geometry.wedge",
        "import gradalign.geometry.wedge as w",
        "def later():\n    from gradalign.geometry.wedge import measured",
    ],
)
def test_every_way_to_import_a_module_is_seen_with_what_it_imports_in_turn(tmp_path, line):
    assert modules(write(tmp_path, line)) == {"geometry/wedge.py", "errors.py"}


def test_a_module_of_a_subpackage_does_not_drag_in_its_neighbours(tmp_path):
    found = modules(write(tmp_path, "from gradalign.simulation.phantom import phantom"))
    assert found == {"simulation/phantom.py"}


def test_a_name_gathered_by_the_package_brings_what_the_package_gathers(tmp_path):
    found = modules(write(tmp_path, "from gradalign import align_pair"))
    assert {"__init__.py", "search/pair.py", "scores/least_squares.py", "base/jit.py"} <= found


def test_the_package_loads_what_it_gathers_when_it_is_asked_for():
    program = """
import sys
import gradalign
assert "numba" not in sys.modules
assert all(getattr(gradalign, name).__name__ == name for name in gradalign.__all__)
assert "numba" in sys.modules and not hasattr(gradalign, "another")
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_code_that_draws_is_nothing_that_numbers_depend_on():
    for name in ("simulate.py", "align.py", "alignments.py", "table.py", "table_complexes.py"):
        assert not any(module.startswith("report/figures") for module in modules(SCRIPTS / name))
    assert "report/figures/style.py" in modules(SCRIPTS / "figure2.py")


def test_code_that_aligns_is_nothing_that_simulation_depends_on():
    assert "search/stochastic.py" in modules(SCRIPTS / "align.py")
    assert not {"search/stochastic.py", "search/pair.py", "scores/least_squares.py"} & modules(SCRIPTS / "simulate.py")


def test_every_script_of_a_rule_is_given_with_its_sources():
    rules = "".join(path.read_text(encoding="utf-8") for path in (SCRIPTS.parent / "rules").glob("*.smk"))
    named = [line.strip().strip('"').split("/")[-1] for line in rules.splitlines() if "../scripts/" in line]
    assert named
    for name in named:
        assert f'sources=sources("{name}")' in rules


def test_no_input_is_ancient():
    # a job whose ancient input is made anew is not run, whatever else of its inputs has changed
    for path in (SCRIPTS.parent / "rules").glob("*.smk"):
        assert "ancient(" not in path.read_text(encoding="utf-8"), path.name
