"""What the study says while it runs: a line for each job that has ended, and at the end what came out.

A logger plugin of Snakemake, which `profiles/default` asks for. `workflow/rules/progress.smk` hands it the plan and the
result; both are log records, which Snakemake's own logger passes over.
"""

import sys
import time
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from gradalign.run.jobs import NOTHING_TO_DO
from gradalign.run.plan import Job, Plan, duration

PLAN, STANDING, RESULT = "gradalign_plan", "gradalign_standing", "gradalign_result"
"""Events of our own. The first carries ``jobs``, ``earlier``, ``size`` and ``compiling`` as `Plan` takes them, the
others ``lines`` that tell what came out, the second before the run, with the ``rule`` that they belong to."""
_NOTHING = "Nothing to be done"
_STOPPING = "Terminating processes on user request"
_REPORT = "Creating report..."
# what Snakemake says of itself, job by job and at its start and end
_NOISE = ("Building DAG of jobs", "Select jobs to execute", "Using shell:", "Group jobs: inactive", "Complete log(s)")
_NOISE += ("Elapsed time:", "Assuming unrestricted shared", "Downloading resources and rendering", "Report created")
_NOISE += ("Removing temporary output", "Loading script code for rule", "Adding ", "Config file ")
_UNSHOWN = (LogEvent.SHELLCMD, LogEvent.JOB_INFO, LogEvent.GROUP_INFO, LogEvent.PROGRESS, LogEvent.RESOURCES_INFO)
# a script that ends with 1 has said why, see gradalign.run.jobs
_SAID = "returned non-zero exit status 1."
_LAST_WORDS = ("At least one job did not complete successfully", "Exiting because a job execution failed")


class LogHandler(LogHandlerBase):
    """Writes progress to standard error and the result to standard output."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = False
    has_formatter = False
    needs_rulegraph = True

    def __post_init__(self):
        """Start with an empty plan, which jobs enter as they are announced."""
        self.clock = time.monotonic
        self._plan, self._cores, self._start = Plan([]), 1, self.clock()
        self._running = self._interrupted = False
        self._standing, self._result = {}, []

    def emit(self, record):
        """Show a record, or what it means.

        Parameters
        ----------
        record : logging.LogRecord
        """
        try:
            event = getattr(record, "event", None)
            if self.common_settings.dryrun:
                if event not in (PLAN, STANDING, RESULT):
                    self._write(self.format(record), sys.stdout)
            elif event in self._ACTIONS:
                self._ACTIONS[event](self, record)
            elif event not in _UNSHOWN:
                self._pass_on(record)
        except Exception:
            self.handleError(record)

    def close(self):
        """Show the result, at the very end."""
        for line in self._result:
            self._write(line, sys.stdout)
        self._result = []
        super().close()

    def _write(self, text, stream=None):
        if text and text != "None":
            print(text, file=stream or sys.stderr, flush=True)

    def _pass_on(self, record):
        """Show what is no event of a job, but for Snakemake's talk of itself."""
        text = self.format(record)
        if text.startswith(_NOTHING):
            self._write("Nothing is left to do.")
            self._result = [line for lines in self._standing.values() for line in lines]
        elif text.startswith(_STOPPING):
            self._interrupted = True
            self._write("Interrupted: the jobs are stopped. The same command goes on from here.")
        elif text.startswith(_REPORT):
            self._write("Snakemake's own report is written, which takes a moment.")
        elif not (text.startswith(_NOISE) or self._interrupted or _SAID in text):
            last = any(words in text for words in _LAST_WORDS)
            if last and self._running:
                self._running = False
                self._write("Some jobs failed; when the cause is mended, the same command goes on from here.")
            elif not last:
                self._write(text)

    def _take_resources(self, record):
        self._cores = getattr(record, "cores", None) or getattr(record, "nodes", None) or self._cores

    def _take_plan(self, record):
        cores = min(self._cores, max(len(record.jobs), 1))
        self._plan = Plan(record.jobs, record.earlier, record.size, cores, record.compiling)
        self._start, self._running = self.clock(), True
        self._write(_jobs(sum(job.works for job in record.jobs)))

    def _announce(self, record):
        """Show the message of a rule that has one."""
        self._plan.add(Job(record.jobid, record.rule_name, dict(record.wildcards), "".join(record.log[:1])))
        self._write(record.rule_msg)

    def _start_jobs(self, record):
        for number in record.jobs:
            self._plan.start(number, self.clock())

    def _finish_job(self, record):
        """Show how far the run is, and what the job says in its log."""
        number, now = record.job_id, self.clock()
        if number not in self._plan.jobs:
            return
        job = self._plan.jobs[number]
        told = _told(job)
        self._plan.finish(number, now, idle=not told)
        percent = self._plan.percent(now)
        if not job.works:
            return
        known = percent < 100 and self._plan.grounded
        left = f"{duration(self._plan.left(now))} left" if known else ""
        for text in told:
            self._write(f"{percent:3d} % {left:>12}  {text}")

    def _fail_job(self, record):
        if not self._interrupted:
            log = "".join(record.log[:1])
            named = Job(record.jobid, record.rule_name, {}, log)
            job = self._plan.jobs.get(record.jobid, named)
            self._write(f"Failed: {job.name}{f'; its log is {log}' if log else ''}")

    def _take_standing(self, record):
        self._standing = {record.rule: list(record.lines)}

    def _take_rules(self, record):
        """Forget what came out of rules that are not asked for."""
        asked = {node["rule"] for node in record.rulegraph["nodes"]}
        self._standing = {rule: lines for rule, lines in self._standing.items() if rule in asked}

    def _take_result(self, record):
        self._result = list(record.lines)
        if self._running:
            self._running = False
            self._write(f"Done after {duration(self.clock() - self._start)}, {_jobs(self._plan.finished)}.")

    _ACTIONS = {
        PLAN: _take_plan,
        STANDING: _take_standing,
        LogEvent.RULEGRAPH: _take_rules,
        RESULT: _take_result,
        LogEvent.RESOURCES_INFO: _take_resources,
        LogEvent.RUN_INFO: lambda self, record: None,
        LogEvent.WORKFLOW_STARTED: lambda self, record: None,
        LogEvent.JOB_INFO: _announce,
        LogEvent.JOB_STARTED: _start_jobs,
        LogEvent.JOB_FINISHED: _finish_job,
        LogEvent.JOB_ERROR: _fail_job,
    }


def _jobs(count):
    return f"{count} job" if count == 1 else f"{count} jobs"


def _told(job):
    """Return the lines of a job's log that are not indented, or the job's name if there are none.

    Of a job that had nothing to do nothing is told.
    """
    try:
        lines = Path(job.log).read_text(encoding="utf-8", errors="replace").splitlines() if job.log else []
    except OSError:
        lines = []
    if NOTHING_TO_DO in lines:
        return []
    return [line for line in lines if line and not line[0].isspace()] or [job.name]
