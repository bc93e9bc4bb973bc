"""Run times from benchmark files, and the pages that show tables."""

from html.parser import HTMLParser

import pandas as pd
import pytest

from gradalign.errors import InputError
from gradalign.report.html import frame_part, write_page
from gradalign.report.run_times import read_benchmark, run_times, run_times_part

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
PATTERNS = {
    "align": r"results/a/benchmarks/alignments/(?P<dataset>[^/]+)/pairs\~(?P<chunk>[^/]+)\.tsv$",
    "alignments": r"results/a/benchmarks/alignments/(?P<dataset>[^/]+)\.tsv$",
    "never": r"results/a/benchmarks/never\.tsv$",
}


def benchmark(path, seconds, memory, cpu):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}{seconds}\t0:00:01\t{memory}\t1\t1\t1\t0\t0\t90\t{cpu}\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base = tmp_path / "results" / "a" / "benchmarks"
    benchmark(base / "alignments" / "phantom" / "pairs~0-9.tsv", 12.5, 200.0, 11.0)
    benchmark(base / "alignments" / "phantom" / "pairs~10-19.tsv", 7.5, 300.0, 6.0)
    benchmark(base / "alignments" / "phantom.tsv", 0.4, "NA", "NA")
    return "results/a/benchmarks"


def test_jobs_are_added_up_rule_by_rule(folder):
    table = run_times(folder, PATTERNS)
    assert table.rule.tolist() == ["align", "alignments", "all"]
    assert table.jobs.tolist() == [2, 1, 3]
    assert table.seconds.tolist() == pytest.approx([20.0, 0.4, 20.4])
    assert table.longest_s.tolist() == [12.5, 0.4, 12.5]
    assert table.peak_memory_mb.tolist()[0] == table.peak_memory_mb.tolist()[2] == 300.0
    # too short a job to be measured
    assert run_times_part(table)[2][1][-1] == "–"


def test_a_study_without_benchmark_files_has_no_lines(tmp_path):
    assert run_times(tmp_path, PATTERNS).empty


def test_a_damaged_benchmark_file_is_one_sentence(tmp_path):
    path = tmp_path / "x.tsv"
    for text in ("", "s\n", "rubbish"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="x.tsv: is no benchmark file"):
            read_benchmark(path)


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.append(data)


def test_a_page_holds_every_text_and_fetches_nothing(tmp_path):
    table = pd.DataFrame({"score": ["rcs"], "ratio": [1.23456], "name": ["a < b & c"]})
    write_page(tmp_path / "page.html", "Title", "Caption.", [frame_part("Part", table)])
    cells = Cells()
    cells.feed((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert {"Title", "Caption.", "Part", "rcs", "1.235", "a < b & c"} <= set(cells.texts)
    assert not {name for _, attributes in cells.tags for name in attributes} & {"src", "href"}


def test_verdicts_are_coloured(tmp_path):
    lines = [["a", "2 / 1 = 2.00 ▲"], ["b", "1 / 2 = 0.50 ▼"], ["c", "does not hold"], ["d", "1 / 1 = 1.00 ≈"]]
    write_page(tmp_path / "page.html", "Title", "Caption.", [("", ["x", "y"], lines)])
    cells = Cells()
    cells.feed((tmp_path / "page.html").read_text(encoding="utf-8"))
    classes = [attributes.get("class") for tag, attributes in cells.tags if tag == "td"]
    assert classes[1::2] == ["bad", "good", "bad", None]
