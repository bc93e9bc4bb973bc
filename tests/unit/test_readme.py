"""What the README tells people to do works."""

import re
from pathlib import Path

import numpy as np
import yaml

from gradalign.configuration import check
from gradalign.simulation.phantom import phantom
from gradalign.volumes import write_volume

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_python_example_runs(tmp_path, monkeypatch):
    (example,) = blocks("python")
    monkeypatch.chdir(tmp_path)
    shift = [1.0, 0.0, -1.0]
    write_volume("particle_1.mrc", phantom(32, translation=shift), 1.0)
    write_volume("particle_2.mrc", phantom(32), 1.0)
    names = {}
    exec(example, names)
    assert np.allclose(names["found"].translation, shift, atol=0.3)


def test_the_configuration_example_is_a_study():
    (example,) = blocks("yaml")
    changes = yaml.safe_load(example)
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    grid = config["grid"] | changes.pop("grid")
    checked = check(config | changes | {"grid": grid}, schema)
    assert checked["grid"]["tilt"] == [65, 60, 55]
    assert checked["pairs"] == 20


def test_commands_and_links_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)$", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("https://") or (ROOT / link).is_file(), link


def test_the_quick_start_has_exactly_two_commands():
    assert blocks("")[0].splitlines() == ["make quick", "make test"]


def test_the_citation_names_paper_and_study():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": "The gradalign authors"}]
    (paper,) = citation["references"]
    assert paper["doi"] == "10.1186/1752-0509-6-S1-S18"
    assert paper["doi"] in README
