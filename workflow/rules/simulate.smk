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
        density=f"{results}/density/{{dataset}}.mrc",
        sources=sources("simulate.py"),
    output:
        volumes=(
            f"{results}/subtomograms/{{dataset}}/{scan_pattern}/volumes.mrcs"
            if config["subtomograms"]["keep"]
            else temp(f"{results}/subtomograms/{{dataset}}/{scan_pattern}/volumes.mrcs")
        ),
        poses=temp(f"{results}/subtomograms/{{dataset}}/{scan_pattern}/poses.star"),
        example=f"{results}/subtomograms/{{dataset}}/{scan_pattern}/example.mrc",
    log:
        f"{results}/logs/subtomograms/{{dataset}}/{scan_pattern}.log",
    benchmark:
        f"{results}/benchmarks/subtomograms/{{dataset}}/{scan_pattern}.tsv"
    group:
        "scan"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        seed=config["seed"],
        pairs=config["pairs"],
        microscope=config["microscope"],
        subtomograms={key: value for key, value in config["subtomograms"].items() if key != "keep"},
    script:
        "../scripts/simulate.py"


rule poses:
    input:
        parts=pose_parts,
        sources=sources("poses.py"),
    output:
        f"{results}/poses/{{dataset}}.star",
    log:
        f"{results}/logs/poses/{{dataset}}.log",
    benchmark:
        f"{results}/benchmarks/poses/{{dataset}}.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/poses.py"
