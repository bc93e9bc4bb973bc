"""What the README tells people to do works."""

import re
from pathlib import Path

import numpy as np
import yaml

from gradalign.aligners.calling import Caller
from gradalign.aligners.declared import check_calls
from gradalign.cli.main import main
from gradalign.io.mrc import write_volume
from gradalign.simulation.phantom import phantom
from gradalign.study.configuration import check

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_python_example_runs(tmp_path, monkeypatch):
    example = blocks("python")[0]
    monkeypatch.chdir(tmp_path)
    shift = [1.0, 0.0, -1.0]
    folder = Path("example") / "subtomograms"
    folder.mkdir(parents=True)
    write_volume(folder / "000001.mrc", phantom(32, translation=shift), 1.0)
    write_volume(folder / "000002.mrc", phantom(32), 1.0)
    names = {}
    exec(example, names)
    assert np.allclose(names["found"].translation, shift, atol=0.3)
    (sets,) = (block for block in blocks("python") if "average(" in block)
    exec(sets, names)
    assert names["result"].volume.shape == (32, 32, 32)
    assert names["result"].correlations.max() > 0.9


def study(changes):
    """Return the checked configuration of a study with changes laid over it."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    grid = config["grid"] | changes.pop("grid", {})
    return check(config | changes | {"grid": grid}, schema)


def test_the_configuration_example_is_a_study():
    checked = study(yaml.safe_load(blocks("yaml")[0]))
    assert checked["grid"]["tilt"] == [65, 60, 55]
    assert checked["pairs"] == 20


def test_the_examples_of_other_aligners_are_studies_and_their_functions_are_there(tmp_path):
    (module,) = (block for block in blocks("python") if block.startswith("# mine.py"))
    (tmp_path / "mine.py").write_text(module)
    shipped = (ROOT / "workflow/config/aligners.yaml").read_text(encoding="utf-8")
    configs = [study(yaml.safe_load(text)) for text in (*blocks("yaml")[1:], shipped)]
    assert sorted(name for config in configs for name in config["aligners"]) == ["acryo", "mine", "scan15", "theirs"]
    for config in configs:
        # acryo need not be installed
        calls = {name: each for name, each in config["aligners"].items() if "call" in each and name != "acryo"}
        check_calls(config | {"aligners": calls}, [tmp_path])


def test_the_example_of_an_aligner_aligns(tmp_path):
    (module,) = (block for block in blocks("python") if block.startswith("# mine.py"))
    (tmp_path / "mine.py").write_text(module)
    shift = [1.0, 0.0, -1.0]
    with Caller("mine:align", {"interval": 60}, [tmp_path], 120.0, tmp_path / "said.log") as caller:
        answer = caller.align(phantom(32, translation=shift), phantom(32), 90.0, 90.0, 1.0, 5)
    assert answer.missing == ""
    assert np.allclose(answer.translation, shift, atol=0.3)


def test_commands_and_links_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)$", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("https://") or (ROOT / link).is_file(), link


def test_the_quick_start_has_exactly_two_commands():
    start = README.split("## Quick start")[1]
    assert re.search(r"```\n(.*?)```", start, flags=re.DOTALL)[1].splitlines() == ["make quick", "make test"]


def test_each_of_the_three_doors_has_two_commands_and_a_picture():
    doors = README.split("## Three doors")[1].split("\n## ")[0].split("### ")[1:]
    assert len(doors) == 3
    for door in doors:
        (commands,) = re.findall(r"```\n(.*?)```", door, flags=re.DOTALL)
        assert len(commands.splitlines()) == 2
        (picture,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", door)
        assert (ROOT / picture).is_file()


def test_the_commands_of_the_readme_are_known():
    names = re.findall(r"^(?:\.venv/bin/)?gradalign (\w+)", README, flags=re.MULTILINE)
    assert {"particles", "align"} <= set(names)
    for name in names:
        assert main.get_command(None, name) is not None


def test_the_citation_names_paper_and_study():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": "The gradalign authors"}]
    (paper,) = citation["references"]
    assert paper["doi"] == "10.1186/1752-0509-6-S1-S18"
    assert paper["doi"] in README
