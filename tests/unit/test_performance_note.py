from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "results" / "reference" / "benchmark" / "benchmarks.md"


@pytest.mark.skipif(not BENCHMARKS.exists(), reason="no benchmark results are committed")
def test_the_notes_summary_is_that_of_the_committed_benchmark():
    _, summary, *_ = BENCHMARKS.read_text(encoding="utf-8").split("\n\n")
    assert summary.startswith("| quantity | value | unit | goal |")
    assert summary in (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
