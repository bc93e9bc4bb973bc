"""What a run says: the records of Snakemake, put into lines."""

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.logging import DefaultFilter, DefaultFormatter
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

from gradalign.run.jobs import NOTHING_TO_DO
from gradalign.run.plan import Job
from snakemake_logger_plugin_gradalign import PLAN, RESULT, STANDING, LogHandler


def handler(dryrun=False):
    shown = LogHandler(SimpleNamespace(dryrun=dryrun), None)
    shown.setFormatter(DefaultFormatter())
    shown.addFilter(DefaultFilter(None, False, False, dryrun, False))
    ticks = iter(range(10**6))
    shown.clock = lambda: float(next(ticks))
    return shown


def record(text=None, level=logging.INFO, **fields):
    made = logging.LogRecord("snakemake", level, __file__, 1, text, (), None)
    made.__dict__ |= fields
    return made


def tell(shown, *records):
    for each in records:
        shown.handle(each)


def started(shown, *jobs):
    tell(
        shown,
        record("Building DAG of jobs..."),
        record("Provided cores: 2", event=LogEvent.RESOURCES_INFO, cores=2),
        record("Job stats: ...", event=LogEvent.RUN_INFO, stats={}),
        record(event=PLAN, jobs=jobs, earlier={}, size=1, compiling=""),
        record("Select jobs to execute..."),
        record(f"Execute {len(jobs)} jobs...", event=LogEvent.JOB_STARTED, jobs=[job.number for job in jobs]),
    )


@pytest.fixture
def two(tmp_path):
    log = tmp_path / "align.log"
    log.write_text("  1 of 4 alignments, 3 s left\n  2 of 4 alignments, 2 s left\n4 alignments\n")
    return Job(3, "align", {"chunk": "0-3"}, str(log)), Job(5, "figure1", {"kind": "svg"}, str(tmp_path / "none.log"))


def finished(number):
    return record(f"Finished jobid: {number}", event=LogEvent.JOB_FINISHED, job_id=number)


def test_snakemake_finds_the_plugin_that_the_profile_asks_for():
    assert LoggerPluginRegistry().get_plugin("gradalign").log_handler is LogHandler


def test_each_job_that_ends_is_a_line_with_percent_time_left_and_what_it_said(two, capsys):
    shown = handler()
    started(shown, *two)
    tell(shown, finished(3), record(event=LogEvent.PROGRESS, done=1, total=3), finished(5))
    said = capsys.readouterr()
    lines = said.err.splitlines()
    assert lines[0] == "2 jobs"
    assert lines[1].split(" %")[0].strip().isdigit()
    assert lines[1].endswith(" left  4 alignments")
    assert lines[2].split() == ["100", "%", "figure1,", "kind", "svg"]
    assert (len(lines), said.out) == (3, "")


def test_a_job_that_had_nothing_to_do_is_no_line(two, capsys):
    Path(two[0].log).write_text(f"{NOTHING_TO_DO}\n")
    shown = handler()
    started(shown, *two)
    tell(shown, finished(3), finished(5))
    assert [line.split("  ")[-1].strip() for line in capsys.readouterr().err.splitlines()[1:]] == ["figure1, kind svg"]


def test_the_result_is_the_last_thing_said(two, capsys):
    shown = handler()
    started(shown, *two)
    tell(shown, finished(3), finished(5), record("page\nresult", event=RESULT, lines=["page", "result"]))
    tell(shown, record("Creating report..."), record("Report created: x."), record("Elapsed time: 1"))
    tell(shown, record("Config file a.yaml is extended by additional config specified via the command line."))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-2].startswith("Done after ")
    assert said.err.splitlines()[-2].endswith(", 2 jobs.")
    shown.close()
    assert capsys.readouterr().out == "page\nresult\n"


@pytest.mark.parametrize(("asked", "result"), [("page", "page\nresult\n"), ("table1", "")])
def test_where_nothing_is_left_to_do_the_result_stands_if_it_was_asked_for(asked, result, capsys):
    shown = handler()
    tell(shown, record(event=STANDING, rule="page", lines=["page", "result"]))
    tell(shown, record(event=LogEvent.RULEGRAPH, rulegraph={"nodes": [{"rule": asked}], "links": []}))
    tell(shown, record("Nothing to be done (all requested files are present and up to date)."))
    shown.close()
    said = capsys.readouterr()
    assert (said.out, said.err) == (result, "Nothing is left to do.\n")


def failure(number, log):
    return record("Error in rule", logging.ERROR, event=LogEvent.JOB_ERROR, jobid=number, rule_name="align", log=log)


def test_a_job_that_fails_is_named_with_its_log_and_what_snakemake_repeats_is_left_out(two, capsys):
    shown = handler()
    started(shown, *two)
    command = "CalledProcessError in file align.smk, line 50:\nCommand 'python x' returned non-zero exit status 1."
    tell(shown, record(f"RuleException:\n{command}", logging.ERROR), failure(3, [two[0].log]))
    tell(shown, record("Exiting because a job execution failed. Look below for error messages", logging.ERROR))
    tell(shown, record("WorkflowError:\nAt least one job did not complete successfully.", logging.ERROR))
    shown.close()
    lines = capsys.readouterr().err.splitlines()[1:]
    assert lines == [
        f"Failed: align, chunk 0-3; its log is {two[0].log}",
        "Some jobs failed; when the cause is mended, the same command goes on from here.",
    ]


def test_a_job_that_was_killed_is_explained_by_snakemake(two, capsys):
    shown = handler()
    started(shown, *two)
    tell(shown, record("RuleException:\nCommand 'python x' died with <Signals.SIGKILL: 9>.", logging.ERROR))
    assert "SIGKILL" in capsys.readouterr().err


def test_an_interruption_is_one_sentence_without_the_errors_that_follow_from_it(two, capsys):
    shown = handler()
    started(shown, *two)
    tell(shown, record("Terminating processes on user request, this might take some time."))
    tell(shown, record("RuleException:\nCommand 'x' died with <Signals.SIGTERM: 15>.", logging.ERROR))
    tell(shown, failure(3, []), record("WorkflowError:\nAt least one job did not complete.", logging.ERROR))
    assert capsys.readouterr().err.splitlines()[1:] == [
        "Interrupted: the jobs are stopped. The same command goes on from here."
    ]


def test_a_mistake_before_the_first_job_is_passed_on(capsys):
    shown = handler()
    tell(shown, record("WorkflowError:\nNo rule to produce nonsense", logging.ERROR))
    assert "No rule to produce nonsense" in capsys.readouterr().err


def test_a_dry_run_is_shown_as_snakemake_does(capsys):
    shown = handler(dryrun=True)
    tell(shown, record(event=STANDING, rule="page", lines=["page"]))
    tell(shown, record("Job stats:\njob count\n", event=LogEvent.RUN_INFO, stats={}))
    tell(shown, record("Nothing to be done (all requested files are present and up to date)."))
    said = capsys.readouterr()
    assert "Job stats:" in said.out
    assert "Nothing to be done" in said.out
    assert said.err == ""
