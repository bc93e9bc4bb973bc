"""The captions of Snakemake's report, rendered as Snakemake renders them."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined

from gradalign.study.configuration import check

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
CAPTIONS = [
    ("workflow.rst", None),
    ("figure2.rst", None),
    ("table.rst", "table1"),
    ("table.rst", "table2"),
    ("table.rst", "table3"),
    ("table.rst", "table4"),
    ("table.rst", "complexes"),
    ("figure3.rst", None),
    ("figure4.rst", None),
    ("comparison.rst", None),
    ("claims.rst", None),
]


def rendered(name, table, pairs):
    config = check(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")) | {"pairs": pairs}, SCHEMA)
    text = (ROOT / "workflow" / "report" / name).read_text(encoding="utf-8")
    snakemake = SimpleNamespace(config=config, wildcards={"table": table})
    source = Environment(undefined=StrictUndefined).from_string(text).render(snakemake=snakemake)
    # a mistake in the markup raises
    settings = {"halt_level": 2, "report_level": 5}
    return publish_parts(source, writer="html", settings_overrides=settings)["html_body"]


@pytest.mark.parametrize("name, table", CAPTIONS)
def test_captions_are_sound_and_give_n(name, table):
    text = " ".join(rendered(name, table, pairs=7).split())
    assert "{" not in text
    assert "n = 1 subtomogram" in text if name == "figure2.rst" else "n = 7 " in text


def test_captions_of_averages_and_classes_give_n_and_the_stand_in():
    assert "t = 3, γ = 0.3, w = 100" in " ".join(rendered("figure1.rst", None, 7).split())
    averages, classes = (" ".join(rendered(name, None, 7).split()) for name in ("figure5.rst", "figure6.rst"))
    assert "n = 1000 subtomograms of each object (±60°, SNR 0.5)" in averages
    assert "n = 80 subtomograms, 20 of each complex (±60°, SNR 0.5)" in classes
    for text in (averages, classes):
        assert "stands in for the paper’s 1KP8" in text or "stands in for the paper's 1KP8" in text


def test_captions_say_what_the_table_shows():
    assert "rotation error in degrees" in rendered("table.rst", "table1", 7)
    assert "Bold" in rendered("table.rst", "table1", 7)
    assert "translation error in voxels" in rendered("table.rst", "table2", 7)
    assert "Bold" not in rendered("table.rst", "table2", 7)
    assert "Bold" in rendered("table.rst", "table3", 7)
    axis = " ".join(rendered("table.rst", "table4", 7).split())
    assert "translation error in voxels, search about the known surface normal" in axis
    assert "60°: 6 seeds, 45°: 8" in axis
    assert "stands in for the paper's 1KP8" in " ".join(rendered("table.rst", "complexes", 7).split())


def test_captions_of_scans_and_of_pages_give_their_own_n():
    assert "same n = 7 (30°), 7 (15°), 7 (10°), 1 (5°) pairs" in " ".join(rendered("scanning.rst", None, 7).split())
    assert "n = 1000 alignments" in rendered("table_page.rst", "averages", 7)
    assert "n = 20 of each complex" in " ".join(rendered("table_page.rst", "classification", 7).split())
    assert "rule by rule" in rendered("run_times.rst", None, 7)


def test_numbers_of_the_configuration_stand_without_needless_zeros():
    # the checked configuration holds 60.0 where its file says 60
    for name, table in [*CAPTIONS, ("scanning.rst", None), ("figure5.rst", None), ("figure6.rst", None)]:
        assert not re.search(r"\d\.0\b", rendered(name, table, 7)), name
