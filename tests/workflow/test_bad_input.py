import shutil

import pytest
from running import TINY, overlay, snakemake


def refused(folder, config, sentence):
    """Assert that a configuration ends the run before any job, with one sentence and nothing made."""
    run = snakemake(folder, "--cores", 1, config=config)
    assert run.returncode != 0
    said = [line for line in run.stderr.splitlines() if not line.startswith(("Using workflow", "Config file"))]
    assert said == [sentence]
    assert run.stdout == ""
    assert not (folder / "results").exists()


def test_a_mistake_in_the_configuration_is_one_sentence_before_any_job(tmp_path):
    config = overlay(tmp_path / "bad.yaml", grid={"tilt": [60, 95]})
    refused(tmp_path, config, "config: grid.tilt: is 95, where a number above 0 not above 90 (degrees) is needed.")


def test_a_missing_coordinate_file_is_one_sentence_before_any_job(tmp_path):
    config = overlay(tmp_path / "bad.yaml", structures={"source": "directory", "directory": "nowhere"})
    run = snakemake(tmp_path, "--cores", 1, config=config)
    assert run.returncode != 0
    assert "nowhere" in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "results").exists()


@pytest.fixture
def copied(tiny_study, tmp_path):
    # a neighbour, from where the sources have the same relative paths
    return shutil.copytree(tiny_study[0], tiny_study[0].with_name(f"{tmp_path.name}_copy"))


def test_a_truncated_intermediate_is_named_and_half_a_result_is_not_left(copied):
    results = copied / "results" / "tiny"
    example = next((results / "subtomograms" / "phantom").rglob("example.mrc"))
    with open(example, "r+b") as file:
        file.truncate(5000)
    run = snakemake(copied, "--cores", 1, "--", "figure2")
    assert run.returncode != 0
    sentence = f"{example.relative_to(copied)}: is no complete MRC file"
    assert sentence in run.stderr
    assert sentence in (results / "logs" / "pictures" / "figure2.log").read_text()
    assert "Traceback" not in run.stderr
    assert list((results / "pictures").glob("figure2*")) == []


def test_a_damaged_file_of_alignments_is_named(copied):
    part = next((copied / "results" / "tiny" / "alignments" / "phantom").rglob("pairs~0-1.csv"))
    part.write_text(part.read_text(encoding="utf-8")[:-30], encoding="utf-8")
    run = snakemake(copied, "--cores", 1, "--", "tables")
    assert run.returncode != 0
    assert f"{part.relative_to(copied)}: is no complete file of results; remove it" in run.stderr


def test_an_infinite_signal_to_noise_ratio_can_be_a_word_or_a_number(tmp_path, tiny_study):
    config = overlay(tmp_path / "infinite.yaml", grid={"snr": [float("inf"), 0.5]})
    assert '"inf"' in TINY.read_text()
    assert "Nothing to be done" in snakemake(tiny_study[0], "--dry-run", config=config).stdout
