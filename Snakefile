# The study: from atoms and phantoms to tables and figures; or a user's own particles, aligned and averaged.
# README.md says how to run and change either.


from snakemake.utils import min_version

min_version("9.27")


configfile: str(workflow.current_basedir.join("config.yaml"))


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/paths.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/structures.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/kernels.smk"
include: "workflow/rules/bounds.smk"
include: "workflow/rules/align.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/scans.smk"
include: "workflow/rules/averages.smk"
include: "workflow/rules/classification.smk"
include: "workflow/rules/pictures.smk"
include: "workflow/rules/aligners.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/verdicts.smk"
# its run times are those of the rules above: the following may still run when they are read
include: "workflow/rules/report.smk"
include: "workflow/rules/export.smk"
include: "workflow/rules/calibration.smk"
include: "workflow/rules/ladder.smk"


# with particles of the user's own the study stands aside
if config["particles"]["star"]:

    include: "workflow/rules/particles.smk"


# so it does with particles that are to be sorted
if config["classes"]["star"]:

    include: "workflow/rules/classes.smk"


include: "workflow/rules/progress.smk"


rule all:
    default_target: True
    input:
        *(
            rules.particles.input
            if config["particles"]["star"]
            else (
                rules.found_classes.input
                if config["classes"]["star"]
                else [
                    *rules.tables.input,
                    *rules.figures.input,
                    *rules.verdicts.input,
                    *rules.run_times.output,
                    *rules.page.output,
                    *expand("<poses>/{dataset}.star", dataset=conditions),
                ]
            )
        ),
        rules.configuration.output,
