import pytest
from hypothesis import settings
from running import snakemake

# a busy machine is no failure, and neither is the luck of a draw: the examples are the same in every run
settings.register_profile("patient", deadline=None, derandomize=True)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory):
    """Return the folder in which the tiny study has run from end to end, and what Snakemake said."""
    folder = tmp_path_factory.mktemp("tiny")
    run = snakemake(folder, "--cores", 2)
    assert run.returncode == 0, run.stderr
    return folder, run.stdout + run.stderr
