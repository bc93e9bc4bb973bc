# What the study says while it runs and at its end: told to workflow/snakemake_logger_plugin_gradalign.py.

import yaml

from gradalign.run.outcome import outcome
from gradalign.run.plan import Job, earlier_seconds

reference_run = workflow_folder.parent / "results" / "reference"
# the rules with a page, and its folder
results_of = {
    "page": f"results/{config['name']}",
    "particles_page": f"results/{config['name']}/particles",
    "classes_page": f"results/{config['name']}/classes",
}
page_rule = "particles_page" if config["particles"]["star"] else "classes_page" if config["classes"]["star"] else "page"

own_subtomograms = config["particles"]["star"] or config["classes"]["star"]
boxes_told = f"{boxes_folder} holds {boxes.sentence()}" if own_subtomograms and boxes else ""


def earlier_size():
    """Return how many pairs a job of the reference run had, 1 without one."""
    try:
        reference = yaml.safe_load((reference_run / "config.yaml").read_text(encoding="utf-8"))
    except OSError:
        return 1
    return min(reference["pairs"], reference["pairs_per_job"])


def told_of(job):
    """Return a job's wildcards, and for all rounds of few particles which these are: time left goes by them."""
    return dict(job.wildcards_dict) | ({"particles": picked_chunks[0]} if job.rule.name == "particles_rounds" else {})


def planned_jobs():
    """Return the jobs that are to run."""
    dag = workflow.dag
    return [
        Job(
            dag.jobid(job),
            job.rule.name,
            told_of(job),
            "".join(map(str, job.log[:1])),
            works=not job.is_norun,
            after=tuple(dag.jobid(before) for before in dag.dependencies[job]),
        )
        for job in dag.needrun_jobs()
    ]


def compiling_rule():
    """Return the rule that compiles the kernels, nothing if they lie in the cache."""
    from gradalign.base.jit import cache_folder

    if any(cache_folder().rglob("*.nbi")):
        return ""
    return {"particles_page": "particles_start", "classes_page": "classes_start"}.get(page_rule, "kernels")


def result_lines(rules):
    """Return what came out of the rules that make a page."""
    return [line for rule in rules if rule in results_of for line in outcome(results_of[rule], cut=boxes_told)]


# should nothing be left to do
logger.info(None, extra={"event": "gradalign_standing", "rule": page_rule, "lines": result_lines([page_rule])})


onstart:
    # with a limit Snakemake would look for further jobs once a timespan for each look before, which adds up, and wait at
    # the end for the last one
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
    logger.info(
        None,
        extra={
            "event": "gradalign_plan",
            "jobs": planned_jobs(),
            "earlier": earlier_seconds(reference_run / "benchmarks" / "run_times.csv"),
            "size": earlier_size(),
            "compiling": compiling_rule(),
        },
    )


onsuccess:
    lines = result_lines([job.rule.name for job in workflow.dag.jobs])
    # as text for Snakemake's own logger
    logger.info("\n".join(lines), extra={"event": "gradalign_result", "lines": lines})
