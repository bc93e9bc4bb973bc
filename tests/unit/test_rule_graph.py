import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gradalign.errors import InputError
from gradalign.report.rule_graph import arrange, read_rule_graph, study_rule_graph, without_implied

ROOT = Path(__file__).parents[2]
PRINTED = """digraph snakemake_dag {
    graph[bgcolor=white, margin=0];
\t0[label = "all", color = "0.09 0.6 0.85", style="rounded"];
\t1[label = "table", color = "0.58 0.6 0.85", style="rounded"];
\t2[label = "align", color = "0.04 0.6 0.85", style="rounded"];
\t3[label = "simulate", color = "0.00 0.6 0.85", style="rounded"];
\t1 -> 0
\t2 -> 1
\t3 -> 2
\t3 -> 1
}
"""


@st.composite
def graphs(draw):
    """Rules r0, r1, …, each taking outputs of some before it."""
    count = draw(st.integers(1, 12))
    return {
        f"r{n}": sorted(draw(st.sets(st.sampled_from([f"r{m}" for m in range(n)])))) if n else [] for n in range(count)
    }


def reachable(graph, name):
    found = set(graph[name])
    for source in graph[name]:
        found |= reachable(graph, source)
    return found


def test_the_graph_is_read_without_the_rule_that_asks_for_everything():
    assert read_rule_graph(PRINTED) == {"align": ["simulate"], "simulate": [], "table": ["align", "simulate"]}


def test_what_is_no_graph_is_refused():
    with pytest.raises(InputError, match="no rule"):
        read_rule_graph("Building DAG of jobs...")


@given(graphs())
def test_implied_lines_are_left_out_and_what_depends_on_what_stays(graph):
    reduced = without_implied(graph)
    for name in graph:
        assert reachable(reduced, name) == reachable(graph, name)
        for source in reduced[name]:
            assert all(source not in reachable(reduced, other) for other in reduced[name])


@given(graphs())
def test_lines_run_to_the_right_and_no_two_rules_share_a_place(graph):
    layout = arrange(without_implied(graph))
    assert set(layout.places) == set(graph)
    assert min(column for column, _ in layout.places.values()) == 0
    for column, row in layout.places.values():
        near = [other for other in layout.places.values() if other[0] == column and abs(other[1] - row) < 0.99]
        assert near == [(column, row)]
    for line in layout.lines:
        assert all(right[0] - left[0] == 1 for left, right in pairwise(line))
    ends = {(line[0], line[-1]) for line in layout.lines}
    wanted = {(layout.places[a], layout.places[b]) for b, sources in without_implied(graph).items() for a in sources}
    assert ends == wanted


@given(graphs(), st.randoms())
def test_the_layout_does_not_depend_on_the_order_in_which_rules_were_printed(graph, random):
    lines = [f'\t{n}[label = "{name}"];' for n, name in enumerate(graph)]
    numbers = {name: n for n, name in enumerate(graph)}
    lines += [f"\t{numbers[source]} -> {numbers[name]}" for name, sources in graph.items() for source in sources]
    first = arrange(read_rule_graph("\n".join(lines)))
    random.shuffle(lines)
    assert arrange(read_rule_graph("\n".join(lines))) == first


def test_snakemake_gives_the_studys_rules_where_there_is_no_graphviz(tmp_path, monkeypatch):
    commands = tmp_path / "bin"
    commands.mkdir()
    # where the plug-in for SLURM is installed, it looks for commands by this one
    (commands / "which").symlink_to(shutil.which("which"))
    monkeypatch.setenv("PATH", str(commands))
    assert shutil.which("dot") is None
    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    graph = study_rule_graph(ROOT / "Snakefile", config | {"name": "unmade"})
    assert graph["alignments"] == ["align"]
    assert {"simulate", "figure1", "figure5", "figure6"} <= set(graph)
    assert not os.path.exists("results")


def test_what_snakemake_says_of_a_bad_configuration_is_passed_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    with pytest.raises(InputError, match=r"gave no graph of its rules: (?s:.*)config: pairs: is -1, where"):
        study_rule_graph(ROOT / "Snakefile", config | {"pairs": -1})


# a chain of jobs whose files cannot be looked at
CHAIN = """
rule all:
    input: "made/19"

rule first:
    output: "made/0"

rule later:
    input: lambda wildcards: f"made/{int(wildcards.n) - 1}"
    output: "made/{n,[0-9]+}"
"""


def test_the_graph_is_made_without_a_look_at_the_files_that_running_jobs_may_remove(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Snakefile").write_text(CHAIN, encoding="utf-8")
    (tmp_path / "made").symlink_to("made")
    looked = subprocess.run([sys.executable, "-m", "snakemake", "--rulegraph", "dot"], capture_output=True, text=True)
    assert looked.returncode != 0
    assert "Too many levels of symbolic links" in looked.stderr
    graph = study_rule_graph("Snakefile", {"structures": {"directory": "."}})
    assert graph == {"first": [], "later": ["first", "later"]}
