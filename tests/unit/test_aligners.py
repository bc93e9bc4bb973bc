"""What a configuration may say of other aligners, and what is said of a mistake before any work."""

import copy
import math
from pathlib import Path

import pytest
import yaml

from gradalign.aligners.declared import (
    Condition,
    called_minutes,
    check_calls,
    conditions,
    find_module,
    mistakes,
    module_sources,
    pair_count,
)
from gradalign.aligners.result_file import counted_conditions
from gradalign.errors import InputError
from gradalign.study.configuration import check

REPOSITORY = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((REPOSITORY / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
PAPER = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
HERE = str(Path(__file__).parent)
CONDITION = {"object": "phantom", "tilt": 60, "snr": 0.5}
CALL = {"call": "strange_aligners:align"}


def checked(aligner, name="mine"):
    return check(copy.deepcopy(PAPER) | {"aligners": {name: aligner}}, SCHEMA, [mistakes])


def test_the_papers_study_has_no_other_aligners():
    assert PAPER["aligners"] == {}


def test_what_is_left_out_of_a_call_is_filled_in_and_the_whole_is_a_configuration_again():
    config = checked(CALL)
    assert config["aligners"]["mine"] == CALL | {"options": {}, "time_limit": 60.0}
    assert check(copy.deepcopy(config), SCHEMA, [mistakes]) == config
    assert checked({"star": "a.star"})["aligners"]["mine"] == {"star": "a.star"}


def test_options_are_passed_on_as_they_are():
    options = {"interval": 30, "name": "x", "nested": {"list": [1, {"a": None}]}, "flag": True}
    assert checked(CALL | {"options": options})["aligners"]["mine"]["options"] == options


@pytest.mark.parametrize("word", ["inf", ".inf", math.inf])
def test_a_condition_without_noise_can_be_named_by_word_or_number(word):
    config = checked(CALL | {"conditions": [CONDITION | {"snr": word}]})
    assert counted_conditions(config["aligners"]["mine"], config) == [Condition("phantom", 60.0, math.inf)]


@pytest.mark.parametrize(
    "aligner, words",
    [
        ({}, "aligners.mine: has neither star and call, where one of them is needed."),
        (CALL | {"star": "a.star"}, "aligners.mine: has both star and call, where one of them is needed."),
        ({"call": "nothing"}, "aligners.mine.call: is 'nothing', where module:function is needed"),
        ({"call": 5}, "aligners.mine.call: is 5, where a text is needed"),
        ("x", "aligners.mine: is 'x', where a section with keys of its own is needed."),
        (CALL | {"time_limit": 0}, "aligners.mine.time_limit: is 0, where a number above 0 (seconds) is needed."),
        (CALL | {"pairs": 0}, "aligners.mine.pairs: is 0, where a whole number from 1 up (pairs) is needed."),
        (
            CALL | {"timelimit": 5},
            "aligners.mine.timelimit: there is no such key; did you mean aligners.mine.time_limit?",
        ),
        ({"star": "a.star", "time_limit": 5}, "aligners.mine.time_limit: belongs to an aligner with call"),
        (
            CALL | {"conditions": [CONDITION | {"snr": 0.3}]},
            "aligners.mine.conditions: names phantom, ±60°, SNR 0.3, which the study",
        ),
        (
            CALL | {"conditions": [{"tilt": 60, "snr": 1}]},
            "aligners.mine.conditions.object: is missing, where a text is needed.",
        ),
        (
            CALL | {"conditions": [CONDITION | {"tilt": "x"}]},
            "aligners.mine.conditions.tilt: is 'x', where a number above 0",
        ),
        (CALL | {"conditions": [CONDITION | {"size": 1}]}, "aligners.mine.conditions.size: there is no such key"),
        (CALL | {"cells": [CONDITION]}, "aligners.mine.cells: is called conditions since version 0.2; write that."),
        (CALL | {"conditions": []}, "aligners.mine.conditions: is [], where a list of at least one"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_key(aligner, words):
    with pytest.raises(InputError) as caught:
        checked(aligner)
    (sentence,) = str(caught.value).splitlines()
    assert sentence.startswith(f"config: {words}")


@pytest.mark.parametrize("name", ["rcs", "FCS", "a b", "../a", "", "-a", 5])
def test_a_name_that_cannot_stand_in_a_table_or_a_path_is_refused(name):
    with pytest.raises(InputError, match="is no name for an aligner"):
        checked(CALL, name)


def test_a_mistake_below_a_name_that_is_a_number_is_one_sentence():
    with pytest.raises(InputError, match="is -1, where a number above 0"):
        checked(CALL | {"time_limit": -1}, 5)


def test_all_conditions_count_unless_some_are_named():
    config = checked(CALL)
    every = counted_conditions(config["aligners"]["mine"], config)
    assert every == conditions(config)
    assert len(every) == 6 * 4 + 4
    assert every[0] == Condition("phantom", 90.0, math.inf)
    assert every[-1] == Condition("clpp", 60.0, 0.5)
    config = checked(CALL | {"conditions": [CONDITION]})
    assert counted_conditions(config["aligners"]["mine"], config) == [Condition("phantom", 60.0, 0.5)]


def test_no_more_pairs_count_than_the_study_has():
    assert [pair_count({"pairs": pairs}, {"pairs": 100}) for pairs in (3, 100, 500)] == [3, 100, 100]
    assert pair_count({}, {"pairs": 100}) == 100


def test_a_job_may_take_the_whole_limit_of_every_pair_and_of_the_module():
    assert called_minutes({"pairs": 3, "time_limit": 600.0}, {"pairs": 100}) == 30 + 10
    assert called_minutes({"time_limit": 1.0}, {"pairs": 100}) == 2 + 10


def test_a_module_beside_the_configuration_is_found_and_so_is_an_installed_one(tmp_path):
    (tmp_path / "mine.py").write_text("def align(): pass")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("raise RuntimeError('was run')")
    (tmp_path / "package" / "part.py").write_text("from mine import align")
    check_calls(checked({"call": "mine:align"}), [tmp_path])
    check_calls(checked({"call": "package.part:align"}), [tmp_path])
    for call in ("gradalign:align_pair", "gradalign.search.exhaustive:scan_pair", "scipy.ndimage:shift"):
        check_calls(checked({"call": call}), [tmp_path])
    assert find_module("mine", [tmp_path]) == tmp_path / "mine.py"
    assert find_module("package.part", [tmp_path]) == tmp_path / "package" / "part.py"


@pytest.mark.parametrize(
    "call, words",
    [
        ("nowhere:align", "aligners.mine.call: there is no module nowhere: neither beside the configuration ("),
        ("gradalign.nowhere:align", "aligners.mine.call: there is no module gradalign.nowhere"),
        ("gradalign.scanning:scan_pair", "is now gradalign.search.exhaustive:scan_pair; write that."),
        ("gradalign.acryo:align_pair", "is now gradalign.aligners.acryo:align_pair; write that."),
        ("folder:align", "aligners.mine.call: there is no module folder"),
        ("mine:other", "mine.py defines no other."),
        ("needy:align", "aligners.mine.call: needy needs torch_of_tomorrow, which is not installed."),
    ],
)
def test_a_function_that_cannot_be_found_is_one_sentence(tmp_path, call, words):
    (tmp_path / "mine.py").write_text("def align(): import other.part as another\n")
    (tmp_path / "needy.py").write_text("import sys, json, numpy, torch_of_tomorrow.nn\ndef align(): pass\n")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError) as caught:
        check_calls(checked({"call": call}), [tmp_path])
    (sentence,) = str(caught.value).splitlines()
    assert sentence.startswith("config: ")
    assert words in sentence


def test_a_module_that_is_no_python_is_one_sentence(tmp_path):
    (tmp_path / "mine.py").write_text("def align(:")
    with pytest.raises(InputError, match=r"mine\.py: is no Python module"):
        check_calls(checked({"call": "mine:align"}), [tmp_path])


def test_no_code_of_the_aligner_runs_before_its_job(tmp_path):
    (tmp_path / "mine.py").write_text(f"open({str(tmp_path / 'was_run')!r}, 'w')\ndef align(): pass")
    check_calls(checked({"call": "mine:align"}), [tmp_path])
    assert not (tmp_path / "was_run").exists()


def test_results_depend_on_the_module_beside_the_configuration_and_on_our_own_sources_alone(tmp_path):
    def names(call):
        return [Path(path).name for path in module_sources({"call": call}, [tmp_path])]

    (tmp_path / "mine.py").write_text("import gradalign.errors\ndef align(): pass")
    assert names("mine:align") == ["mine.py", "errors.py"]
    assert names("gradalign.search.exhaustive:scan_pair")[0] == "exhaustive.py"
    assert names("scipy.ndimage:shift") == []
    assert module_sources({"star": "a.star"}, [tmp_path]) == []
