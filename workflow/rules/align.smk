# Alignment of the pairs of each tilt range and signal-to-noise ratio in all cells, one job for some or all of them.


rule align:
    input:
        volumes=at_levels("<subtomograms>/{dataset}/<condition>/volumes.mrcs", ["{snr}"]),
        poses=at_levels("<subtomograms>/{dataset}/<condition>/poses.star", ["{snr}"]),
        about="<density>/{dataset}.json",
        kernels=rules.kernels.output,
        sources=sources("align.py"),
    output:
        "<alignments>/{dataset}/<condition>/pairs~{chunk}.csv",
    log:
        "<logs>/alignments/{dataset}/<condition>/pairs~{chunk}.log",
    benchmark:
        "<benchmarks>/alignments/{dataset}/<condition>/pairs~{chunk}.tsv"
    # before the next simulation, so that few stacks lie on the disk at a time
    priority: 1
    group:
        "condition"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=config["seed"],
        levels=levels_of(["{snr}"]),
        searches=searches_of,
        scores=lambda wildcards: grid_of(wildcards)["score"],
        intervals=lambda wildcards: grid_of(wildcards)["interval"],
        alignment=config["alignment"],
    script:
        "../scripts/align.py"


if joined_levels != ["{snr}"]:

    use rule align as align_levels with:
        input:
            volumes=at_levels("<subtomograms>/{dataset}/<condition>/volumes.mrcs", joined_levels),
            poses=at_levels("<subtomograms>/{dataset}/<condition>/poses.star", joined_levels),
            about="<density>/{dataset}.json",
            kernels=rules.kernels.output,
            sources=sources("align.py"),
        output:
            at_levels("<alignments>/{dataset}/<condition>/pairs~{chunk}.csv", joined_levels),
        log:
            "<logs>/alignments/{dataset}/<tilts>/pairs~{chunk}.log",
        benchmark:
            "<benchmarks>/alignments/{dataset}/<tilts>/pairs~{chunk}.tsv"
        wildcard_constraints:
            dataset="phantom",
        params:
            levels=levels_of(joined_levels),

    ruleorder: align_levels > align


rule alignments:
    input:
        parts=alignment_parts,
        sources=sources("alignments.py"),
    output:
        "<alignments>/{dataset}.csv",
    log:
        "<logs>/alignments/{dataset}.log",
    benchmark:
        "<benchmarks>/alignments/{dataset}.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=alignments_of,
    script:
        "../scripts/alignments.py"
