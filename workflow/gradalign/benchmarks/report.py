"""All measurements in order, and the files that `make bench` leaves."""

import json
import operator
import time
from pathlib import Path

import pandas as pd

from gradalign.base.files import complete_file
from gradalign.benchmarks.accuracy import measure_accuracy
from gradalign.benchmarks.alignments import measure_alignments
from gradalign.benchmarks.growth import growth_exponents, measure_growth, measure_processes
from gradalign.benchmarks.growth_figure import growth_figure
from gradalign.benchmarks.job_memory import memory_of_studies
from gradalign.benchmarks.likelihood import measure_likelihood
from gradalign.benchmarks.machine import describe_machine, load_average
from gradalign.benchmarks.roofline import measure_roofline
from gradalign.benchmarks.simulations import measure_simulation
from gradalign.benchmarks.startup import measure_startup
from gradalign.benchmarks.steps import measure_steps
from gradalign.benchmarks.workload import LOW_PASSES
from gradalign.report.csv_tables import write_csv
from gradalign.search.registry import paper_scores

_PAIRS = 16
_ACCURACY_PAIRS = 2
_STARTS = 3

TITLES = {
    "alignments": "One alignment, ±60°, SNR 0.5, 108 seeds; transforms: 108 pairs of scipy.fft rfftn + irfftn",
    "likelihood": "The likelihood from volumes to the answer, ±60°, its model and its preparation included",
    "steps": "One refinement step, kernel against NumPy and SciPy",
    "accuracy": "Largest relative L2 error of the sampled spectrum and of its gradient against direct summation",
    "roofline": "Stages of a step: operations and bytes beside what one core can do",
    "growth": "Growth of all alignments of a set with its preparation",
    "exponents": "Exponents p of amount ∝ size^p",
    "processes": "Throughput of one and of two processes",
    "simulation": "Simulation of one subtomogram on one core",
    "startup": "A new process with compiled kernels",
    "memory": "Peak memory of each kind of job",
}
"""The tables and what they show."""

GOALS = {
    "alignment_ms_rcs": "≤ 10",
    "alignment_ms_fcs": "≤ 10",
    "alignment_over_108_ffts": "≤ 0.18",
    "likelihood_ms_box_32": "≤ 25",
    "likelihood_ms_box_48": "≤ 150",
    "likelihood_ms_box_64": "≤ 500",
    "likelihood_ms_box_96": "≤ 2000",
    "likelihood_ms_in_a_set": "≤ 50",
    "likelihood_mb_box_64": "≤ 150",
    "likelihood_mb_box_96": "≤ 300",
    "distance_to_the_nearer_roof": "≤ 3",
    "step_speedup_over_scipy": "≥ 1000",
    "step_speedup_over_scipy_fcs": "≥ 1000",
    "spectrum_error": "≤ 0.001",
    "spectrum_error_white_noise": "≤ 0.001",
    "two_process_speedup": "≥ 1.8",
    "simulation_ms": "< 30",
    "import_s": "< 1",
    "first_alignment_s": "< 3",
    "largest_job_mb": "≤ 500",
}
"""What the quantities of the summary should be."""

_MEETS = {"≤": operator.le, "<": operator.lt, "≥": operator.ge}


def measure(workload, results, repeats, say):
    """Take all measurements, one after the other.

    Parameters
    ----------
    workload : gradalign.benchmarks.workload.Workload
    results : str or path
        Folder of the studies whose benchmark files are read.
    repeats : int
        Of each time.
    say : callable
        Takes what is being done, as text.

    Returns
    -------
    dict of str to pandas.DataFrame
        The tables of `TITLES`.
    """
    say("simulating pairs")
    pairs = workload.pairs(_PAIRS)
    measurements = {
        "alignments": lambda: measure_alignments(workload, pairs, max(repeats // 3, 1)),
        "likelihood": lambda: measure_likelihood(workload, pairs, max(repeats // 3, 1)),
        "steps": lambda: measure_steps(workload, pairs[0], repeats),
        "accuracy": lambda: measure_accuracy(workload, pairs[:_ACCURACY_PAIRS]),
        "roofline": lambda: measure_roofline(workload, pairs[0], repeats),
        "growth": lambda: measure_growth(workload, max(repeats // 3, 1)),
        "processes": lambda: measure_processes(workload, pairs, 2 * max(repeats // 3, 1)),
        "simulation": lambda: measure_simulation(workload, repeats),
        "startup": lambda: measure_startup(_STARTS),
        "memory": lambda: memory_of_studies(results),
    }
    tables = {}
    for name, measurement in measurements.items():
        say(TITLES[name])
        tables[name] = measurement()
        if name == "growth":
            tables["exponents"] = growth_exponents(tables[name])
    return tables


def _alignment_quantities(alignments):
    names = dict(zip(LOW_PASSES, ("", "_4_nm"), strict=True))
    for row in alignments.itertuples():
        suffixes = [names[row.low_pass_nm]] if row.low_pass_nm in names else []
        for suffix in suffixes + ["_study"] * row.study:
            yield f"alignment_ms_{row.score}{suffix}", row.alignment_ms, "ms"
    for suffix, rows in (
        ("", alignments[alignments.low_pass_nm == LOW_PASSES[0]]),
        ("_study", alignments[alignments.study]),
    ):
        yield f"alignment_over_108_ffts{suffix}", rows.over_transforms.max(), "ratio"


def _likelihood_quantities(likelihood):
    for row in likelihood.itertuples():
        if row.kind == "set":
            yield "likelihood_ms_in_a_set", row.alignment_ms, "ms"
        else:
            yield f"likelihood_ms_box_{row.box}", row.alignment_ms, "ms"
            yield f"likelihood_mb_box_{row.box}", row.memory_mb, "MB"


def summarise_benchmarks(tables):
    """Return the quantities that are compared from one version to the next.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        From `measure`.

    Returns
    -------
    pandas.DataFrame
        Columns ``quantity``, ``value`` and ``unit``. Times of an alignment are at 5.3 nm unless the name says
        otherwise; `alignment_over_108_ffts` is that of the slower score.
    """
    rows = [*_alignment_quantities(tables["alignments"]), *_likelihood_quantities(tables["likelihood"])]
    steps = tables["steps"][tables["steps"].low_pass_nm == LOW_PASSES[0]].set_index("score")
    rows += [
        ("step_us", steps.step_us["rcs"], "us"),
        ("step_speedup_over_scipy", steps.speedup["rcs"], "ratio"),
        ("step_speedup_over_scipy_fcs", steps.speedup["fcs"], "ratio"),
    ]
    accuracy = tables["accuracy"].groupby("volumes")[["value_error", "gradient_error"]].max()
    for suffix, volumes in (("", "noisy subtomograms"), ("_white_noise", "white noise")):
        rows.append((f"spectrum_error{suffix}", accuracy.value_error[volumes], "ratio"))
        rows.append((f"gradient_error{suffix}", accuracy.gradient_error[volumes], "ratio"))
    sampling = tables["roofline"].query("stage == 'sample' and low_pass_nm == @LOW_PASSES[0]").iloc[0]
    rows += [
        ("sampling_ns_per_point", sampling.ns_per_point, "ns"),
        ("sampling_share_of_peak", sampling.share_of_peak, "ratio"),
        ("distance_to_the_nearer_roof", sampling.distance, "ratio"),
    ]
    rows += [
        (f"{row.quantity.split('_')[0]}_exponent_{row.along}_{row.score}", row.exponent, "exponent")
        for row in tables["exponents"].itertuples()
        if row.quantity == "time_ms" or row.score == paper_scores()[0]
    ]
    processes = tables["processes"].iloc[-1]
    rows += [
        ("two_process_speedup", processes.speedup, "ratio"),
        ("load_average_before_two_processes", processes.load_before, "processes"),
    ]
    for row in tables["simulation"].query("tilt_deg == 90").itertuples():
        suffix = "" if row.simulation_box_voxel == 32 else f"_box_{row.simulation_box_voxel}"
        rows.append((f"simulation_ms{suffix}", row.simulation_ms, "ms"))
    startup = tables["startup"].iloc[0]
    rows += [(name, startup[name], "s") for name in ("import_s", "first_alignment_s", "process_s")]
    rows.append(("largest_job_mb", tables["memory"].largest_mb.max(), "MB"))
    return pd.DataFrame(rows, columns=["quantity", "value", "unit"])


def judged(summary):
    """Return the summary with the goals, and whether each is met.

    Parameters
    ----------
    summary : pandas.DataFrame
        From `summarise_benchmarks`.

    Returns
    -------
    pandas.DataFrame
        With the columns ``goal``, empty where there is none, and ``met``: ``yes``, ``MISSED`` or empty.
    """
    met = []
    for row in summary.itertuples():
        relation, limit = GOALS[row.quantity].split() if row.quantity in GOALS else ("", "")
        met.append(("yes" if _MEETS[relation](row.value, float(limit)) else "MISSED") if relation else "")
    return summary.assign(goal=[GOALS.get(name, "") for name in summary.quantity], met=met)


def goals_table(summary):
    """Return the summary with its goals as a table.

    Parameters
    ----------
    summary : pandas.DataFrame
        summary.csv of a benchmark.

    Returns
    -------
    str
        Markdown.
    """
    return _markdown(judged(summary))


def _text(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _markdown(rows):
    lines = [list(rows.columns), ["---"] * len(rows.columns)]
    lines += [[_text(value) for value in row] for row in rows.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_report(folder, tables, machine):
    """Write the summary, the tables, the figure and the machine's description.

    Parameters
    ----------
    folder : str or path
    tables : dict of str to pandas.DataFrame
        From `measure`.
    machine : dict
        Goes to machine.json.

    Returns
    -------
    pandas.DataFrame
        The summary with the goals.

    Raises
    ------
    gradalign.errors.InputError
        If a file cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    summary = summarise_benchmarks(tables)
    write_csv(summary, folder / "summary.csv")
    for name, rows in tables.items():
        write_csv(rows, folder / f"{name}.csv")
    growth_figure(
        tables["growth"], tables["exponents"], tables["processes"], [folder / "growth.svg", folder / "growth.png"]
    )
    sections = [f"# Benchmarks\n\n{goals_table(summary)}"]
    sections += [f"## {TITLES[name]}\n\n{_markdown(rows)}" for name, rows in tables.items()]
    texts = {
        "benchmarks.md": "\n\n".join(sections) + "\n",
        "machine.json": json.dumps(machine, indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in texts.items():
        with complete_file(folder / name) as partial:
            Path(partial).write_text(text, encoding="utf-8")
    return judged(summary)


def run_benchmarks(workload, results, repeats, say):
    """Measure everything and write the report.

    Parameters
    ----------
    workload : gradalign.benchmarks.workload.Workload
    results : str or path
        Folder of the studies; the report goes to its subfolder ``benchmark``.
    repeats : int
    say : callable

    Returns
    -------
    pandas.DataFrame
        The summary with the goals.
    """
    start, before = time.monotonic(), load_average()
    tables = measure(workload, results, repeats, say)
    machine = describe_machine() | {
        "load_average_before": before,
        "load_average_after": load_average(),
        "repeats": repeats,
        "benchmark_s": round(time.monotonic() - start, 1),
    }
    return write_report(Path(results) / "benchmark", tables, machine)
