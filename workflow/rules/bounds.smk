# How well the pairs of each cell could be aligned at all.


rule bounds:
    input:
        density=f"{results}/density/{{dataset}}.mrc",
        about=f"{results}/density/{{dataset}}.json",
        kernels=rules.kernels.output,
        sources=sources("bounds.py"),
    output:
        f"{results}/bounds/{{dataset}}.csv",
    log:
        f"{results}/logs/bounds/{{dataset}}.log",
    benchmark:
        f"{results}/benchmarks/bounds/{{dataset}}.tsv"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=config["seed"],
        pairs=config["pairs"],
        scans=lambda wildcards: scans[wildcards.dataset].dataframe.to_dict("records"),
        searches=searches_of,
        microscope=config["microscope"],
        subtomograms=config["subtomograms"],
    script:
        "../scripts/bounds.py"
