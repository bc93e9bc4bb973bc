# How well the pairs of each cell could be aligned at all.


rule bounds:
    input:
        density="<density>/{dataset}.mrc",
        scales=lambda wildcards: scale_paths(
            wildcards.dataset, [each["tilt"] for each in conditions[wildcards.dataset]]
        ),
        about="<density>/{dataset}.json",
        kernels=rules.kernels.output,
        sources=sources("bounds.py"),
    output:
        "<bounds>/{dataset}.csv",
    log:
        "<logs>/bounds/{dataset}.log",
    benchmark:
        "<benchmarks>/bounds/{dataset}.tsv"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=config["seed"],
        pairs=config["pairs"],
        scans=lambda wildcards: conditions[wildcards.dataset],
        searches=searches_of,
        microscope=config["microscope"],
        subtomograms=config["subtomograms"],
    script:
        "../scripts/bounds.py"
