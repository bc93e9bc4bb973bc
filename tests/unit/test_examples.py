"""The examples in the documentation of the public functions run and come out as written."""

import doctest
import inspect
from pathlib import Path

import pytest

import gradalign
import gradalign.averaging.wedge_average
import gradalign.classes.classify
import gradalign.classes.references
import gradalign.classes.synchronise
import gradalign.search.pair
import gradalign.search.sets

MODULES = (
    gradalign.search.pair,
    gradalign.averaging.wedge_average,
    gradalign.search.sets,
    gradalign.classes.classify,
    gradalign.classes.references,
    gradalign.classes.synchronise,
)
FUNCTIONS = {"align_pair", "align_to_reference", "align_all_pairs", "average"}
FUNCTIONS |= {"align_to_references", "classify", "synchronise"}


def examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for module in MODULES for test in finder.find(module)]
    return {test.name.split(".")[-1]: test for test in found if test.examples}


def test_every_public_function_has_an_example():
    assert set(gradalign.__all__) >= FUNCTIONS
    assert set(examples()) >= FUNCTIONS


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_example_runs_and_says_what_is_written(name):
    said = []
    assert doctest.DocTestRunner(verbose=False).run(examples()[name], out=said.append).failed == 0, "".join(said)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_public_function_takes_all_but_volumes_by_name_and_says_its_types(name):
    signature = inspect.signature(getattr(gradalign, name))
    assert signature.return_annotation is not signature.empty
    given = signature.parameters.values()
    assert all(parameter.annotation is not parameter.empty for parameter in given)
    assert all(
        parameter.default is parameter.empty for parameter in given if parameter.kind is not parameter.KEYWORD_ONLY
    )
    assert (Path(gradalign.__file__).parent / "py.typed").exists()
