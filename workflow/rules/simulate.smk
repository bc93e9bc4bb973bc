# Subtomograms of each object at each tilt range and signal-to-noise ratio, with their poses.


wildcard_constraints:
    dataset="|".join(cells),
    tilt="[^/]+",
    snr="[^/]+",
    score="[^/]+",
    interval="[^/]+",
    chunk="[^/]+",


rule simulate:
    input:
        density="<density>/{dataset}.mrc",
        sources=sources("simulate.py"),
    output:
        volumes=(
            "<subtomograms>/{dataset}/<condition>/volumes.mrcs"
            if config["subtomograms"]["keep"]
            else temp("<subtomograms>/{dataset}/<condition>/volumes.mrcs")
        ),
        # kept: the list of all poses, and so every aligner that is added later, would else have all simulated again
        poses="<subtomograms>/{dataset}/<condition>/poses.star",
        example="<subtomograms>/{dataset}/<condition>/example.mrc",
    log:
        "<logs>/subtomograms/{dataset}/<condition>.log",
    benchmark:
        "<benchmarks>/subtomograms/{dataset}/<condition>.tsv"
    group:
        "condition"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        seed=config["seed"],
        pairs=config["pairs"],
        microscope=config["microscope"],
        subtomograms=simulated,
    script:
        "../scripts/simulate.py"


rule poses:
    input:
        parts=pose_parts,
        sources=sources("poses.py"),
    output:
        "<poses>/{dataset}.star",
    log:
        "<logs>/poses/{dataset}.log",
    benchmark:
        "<benchmarks>/poses/{dataset}.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/poses.py"
