"""What is installed is whole: the wheel carries the package, the workflow and the maps that the command needs."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "Snakefile", "config.yaml", "profiles", "resources", "workflow")


def test_the_wheel_holds_the_workflow_as_the_checkout_has_it(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", tmp_path, source], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    packages = ("gradalign", "snakemake_logger_plugin_gradalign")
    package = {path for name in packages for path in (source / "workflow" / name).rglob("*") if path.is_file()}
    others = {path for name in PARTS[3:] for path in (source / name).rglob("*") if path.is_file()} - package
    others |= {source / "Snakefile", source / "config.yaml"}
    # for clusters and for those who work on the maps
    others = {
        path
        for path in others
        if (path.parent.parent.name != "profiles" or path.parent.name == "default")
        and path.suffix not in (".pyc", ".md")
        # it starts the environment of a checkout
        and path.name != "relion_external"
    }
    shared = {name.split("/share/gradalign/")[1] for name in held if "/share/gradalign/" in name}
    missing = {str(path.relative_to(source)) for path in others} - shared
    assert {name for name in missing if not name.startswith("build/") and "egg-info" not in name} == set()
    inside = {str(path.relative_to(source / "workflow")) for path in package if path.suffix != ".pyc"}
    assert inside - held == set()
    assert any(name.endswith("entry_points.txt") for name in held)
