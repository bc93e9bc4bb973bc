# Alignment of the pairs of each cell, one job for some or all of them.


rule align:
    input:
        volumes=f"{results}/subtomograms/{{dataset}}/{scan_pattern}/volumes.mrcs",
        poses=f"{results}/subtomograms/{{dataset}}/{scan_pattern}/poses.star",
        about=f"{results}/density/{{dataset}}.json",
        sources=sources("align.py"),
    output:
        f"{results}/alignments/{{dataset}}/{cell_pattern}/pairs~{{chunk}}.csv",
    log:
        f"{results}/logs/alignments/{{dataset}}/{cell_pattern}/pairs~{{chunk}}.log",
    benchmark:
        f"{results}/benchmarks/alignments/{{dataset}}/{cell_pattern}/pairs~{{chunk}}.tsv"
    # before the next simulation, so that few stacks lie on the disk at a time
    priority: 1
    conda:
        "../../envs/environment.yaml"
    params:
        seed=config["seed"],
        searches=searches_of,
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
    conda:
        "../../envs/environment.yaml"
    params:
        total=lambda wildcards: len(cells[wildcards.dataset].dataframe) * config["pairs"] * len(searches_of(wildcards)),
    script:
        "../scripts/alignments.py"
