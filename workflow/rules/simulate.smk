# Subtomograms of each object at each tilt range and signal-to-noise ratio, with their poses.

# few pairs of the phantom at all its signal-to-noise ratios are one job: a job takes a second to start
joined_levels = noise_levels(config["pairs"])
phantom_tilts = list(dict.fromkeys(condition["tilt"] for condition in conditions["phantom"]))


wildcard_constraints:
    dataset="|".join(conditions),
    tilt="[^/]+",
    snr="[^/]+",
    score="[^/]+",
    interval="[^/]+",
    chunk="[^/]+",


rule noise_scale:
    input:
        density="<density>/{dataset}.mrc",
        sources=sources("noise_scale.py"),
    output:
        "<noise>/{dataset}/<tilts>.json",
    log:
        "<logs>/noise/{dataset}/<tilts>.log",
    benchmark:
        "<benchmarks>/noise/{dataset}/<tilts>.tsv"
    group:
        "maps"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=config["seed"],
        tilts=lambda wildcards: [wildcards.tilt],
        microscope=config["microscope"],
        subtomograms=simulated,
    script:
        "../scripts/noise_scale.py"


if joined_levels != ["{snr}"]:

    use rule noise_scale as noise_scales with:
        output:
            scale_paths("{dataset}", phantom_tilts),
        log:
            "<logs>/noise/{dataset}.log",
        benchmark:
            "<benchmarks>/noise/{dataset}.tsv"
        wildcard_constraints:
            dataset="phantom",
        params:
            tilts=phantom_tilts,

    ruleorder: noise_scales > noise_scale


rule simulate:
    input:
        density="<density>/{dataset}.mrc",
        scale="<noise>/{dataset}/<tilts>.json",
        sources=sources("simulate.py"),
    output:
        volumes=(
            at_levels("<subtomograms>/{dataset}/<condition>/volumes.mrcs", ["{snr}"])
            if config["subtomograms"]["keep"]
            else temp(at_levels("<subtomograms>/{dataset}/<condition>/volumes.mrcs", ["{snr}"]))
        ),
        # kept: the list of all poses, and so every aligner that is added later, would else have all simulated again
        poses=at_levels("<subtomograms>/{dataset}/<condition>/poses.star", ["{snr}"]),
        examples=at_levels("<subtomograms>/{dataset}/<condition>/example.mrc", ["{snr}"]),
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
        levels=levels_of(["{snr}"]),
        microscope=config["microscope"],
        subtomograms=simulated,
    script:
        "../scripts/simulate.py"


if joined_levels != ["{snr}"]:

    use rule simulate as simulate_levels with:
        output:
            volumes=(
                at_levels("<subtomograms>/{dataset}/<condition>/volumes.mrcs", joined_levels)
                if config["subtomograms"]["keep"]
                else temp(at_levels("<subtomograms>/{dataset}/<condition>/volumes.mrcs", joined_levels))
            ),
            poses=at_levels("<subtomograms>/{dataset}/<condition>/poses.star", joined_levels),
            examples=at_levels("<subtomograms>/{dataset}/<condition>/example.mrc", joined_levels),
        log:
            "<logs>/subtomograms/{dataset}/<tilts>.log",
        benchmark:
            "<benchmarks>/subtomograms/{dataset}/<tilts>.tsv"
        wildcard_constraints:
            dataset="phantom",
        params:
            levels=levels_of(joined_levels),

    ruleorder: simulate_levels > simulate


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
