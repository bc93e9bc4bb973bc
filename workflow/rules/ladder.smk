# The ladder beyond the paper: a job for each object, condition, task and tilt range, over all its SNRs.


ladder_parts = list(dict.fromkeys(map(ladder_part, ladder)))


rule climb:
    input:
        density=ladder_map,
        about="<density>/{object}.json",
        relion=os.path.relpath(workflow_folder / "config" / "relion_refine.txt"),
        kernels=rules.kernels.output,
        sources=sources("climb.py"),
    output:
        lines="<results>/ladder/{object}/{under}/{task}/tilt~{tilt}.csv",
        bounds="<results>/ladder/{object}/{under}/{task}/tilt~{tilt}.bounds.csv",
    log:
        "<logs>/ladder/{object}/{under}/{task}/tilt~{tilt}.log",
    benchmark:
        "<benchmarks>/ladder/{object}/{under}/{task}/tilt~{tilt}.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        config={name: config[name] for name in ("seed", "microscope", "subtomograms")},
        condition=lambda wildcards: config["ladder"]["conditions"].get(wildcards.under, {}),
        counts=ladder_counts,
    script:
        "../scripts/climb.py"


rule table_of_ladder:
    input:
        lines=expand("<results>/ladder/{part}.csv", part=ladder_parts),
        bounds=expand("<results>/ladder/{part}.bounds.csv", part=ladder_parts),
        sources=sources("table_ladder.py"),
    output:
        csv="<tables>/ladder.csv",
        html="<tables>/ladder.html",
    log:
        "<logs>/tables/ladder.log",
    benchmark:
        "<benchmarks>/tables/ladder.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/table_ladder.py"


rule figure_of_ladder:
    input:
        table="<tables>/ladder.csv",
        sources=sources("ladder_figure.py"),
    output:
        multiext("<figures>/ladder", ".svg", ".png"),
    log:
        "<logs>/figures/ladder.log",
    benchmark:
        "<benchmarks>/figures/ladder.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/ladder_figure.py"


rule ladder:
    input:
        rules.table_of_ladder.output,
        rules.figure_of_ladder.output,
