# Alignment of the pairs of each tilt range and signal-to-noise ratio in all cells, one job for some or all of them.


rule align:
    input:
        volumes=f"{results}/subtomograms/{{dataset}}/{scan_pattern}/volumes.mrcs",
        poses=f"{results}/subtomograms/{{dataset}}/{scan_pattern}/poses.star",
        about=f"{results}/density/{{dataset}}.json",
        kernels=rules.kernels.output,
        sources=sources("align.py"),
    output:
        f"{results}/alignments/{{dataset}}/{scan_pattern}/pairs~{{chunk}}.csv",
    log:
        f"{results}/logs/alignments/{{dataset}}/{scan_pattern}/pairs~{{chunk}}.log",
    benchmark:
        f"{results}/benchmarks/alignments/{{dataset}}/{scan_pattern}/pairs~{{chunk}}.tsv"
    # before the next simulation, so that few stacks lie on the disk at a time
    priority: 1
    group:
        "scan"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=config["seed"],
        searches=searches_of,
        scores=lambda wildcards: grid_of(wildcards)["score"],
        intervals=lambda wildcards: grid_of(wildcards)["interval"],
        alignment=config["alignment"],
    script:
        "../scripts/align.py"


rule alignments:
    input:
        parts=alignment_parts,
        sources=sources("alignments.py"),
    output:
        f"{results}/alignments/{{dataset}}.csv",
    log:
        f"{results}/logs/alignments/{{dataset}}.log",
    benchmark:
        f"{results}/benchmarks/alignments/{{dataset}}.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=lambda wildcards: len(cells[wildcards.dataset].dataframe) * config["pairs"] * len(searches_of(wildcards)),
    script:
        "../scripts/alignments.py"
