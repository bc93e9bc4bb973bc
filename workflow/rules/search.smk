# How the search works: its convergence, its steps against those of every seed by itself, and how it takes contrast.


speedup_count = min(config["speedup"]["pairs"], config["pairs"])
speedup_levels = noise_levels(speedup_count)
speedup_folder = "<condition>" if speedup_levels == ["{snr}"] else "<tilts>"
speedup_parts = [
    f"{condition}/pairs~{chunk}.csv" for condition in condition_folders["phantom"] for chunk in chunks(speedup_count)
]


rule convergence:
    input:
        volumes=phantom_subtomograms("volumes.mrcs", config["convergence"]),
        poses=phantom_subtomograms("poses.star", config["convergence"]),
        about="<density>/phantom.json",
        kernels=rules.kernels.output,
        sources=sources("convergence.py"),
    output:
        "<results>/convergence.csv",
    log:
        "<logs>/convergence.log",
    benchmark:
        "<benchmarks>/convergence.tsv"
    priority: 1
    group:
        "condition"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        seed=config["seed"],
        pairs=config["pairs"],
        alignment=config["alignment"],
        cell=config["convergence"],
        scores=scores,
    script:
        "../scripts/convergence.py"


# simulates the pairs of its condition itself: were they those of `align`, which are not kept, then a changed constant
# of Figure 4 would make all alignments anew
rule speedup_pairs:
    input:
        density="<density>/phantom.mrc",
        scale="<noise>/phantom/<tilts>.json",
        kernels=rules.kernels.output,
        sources=sources("speedup_pairs.py"),
    output:
        pairs=at_levels("<results>/speedup/<condition>/pairs~{chunk}.csv", speedup_levels),
        seconds=at_levels("<benchmarks>/speedup/<condition>/pairs~{chunk}.csv", speedup_levels),
    log:
        f"<logs>/speedup/{speedup_folder}/pairs~{{chunk}}.log",
    benchmark:
        f"<benchmarks>/speedup/{speedup_folder}/pairs~{{chunk}}.tsv"
    # the longest jobs of the study
    priority: 2
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=config["seed"],
        pairs=config["pairs"],
        levels=levels_of(speedup_levels),
        alignment=config["alignment"],
        scores=scores,
        intervals=config["grid"]["interval"],
        microscope=config["microscope"],
        subtomograms=simulated,
    script:
        "../scripts/speedup_pairs.py"


rule speedup:
    input:
        parts=expand("<results>/speedup/{part}", part=speedup_parts),
        seconds=expand("<benchmarks>/speedup/{part}", part=speedup_parts),
        sources=sources("speedup.py"),
    output:
        cells="<results>/speedup.csv",
        pairs="<results>/speedup/pairs.csv",
        seconds="<benchmarks>/speedup.csv",
    log:
        "<logs>/speedup.log",
    benchmark:
        "<benchmarks>/speedup.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=(len(conditions["phantom"]) * len(config["grid"]["interval"]) * len(scores) * speedup_count),
    script:
        "../scripts/speedup.py"


rule contrast:
    input:
        volumes=phantom_subtomograms("volumes.mrcs", config["contrast"]),
        poses=phantom_subtomograms("poses.star", config["contrast"]),
        about="<density>/phantom.json",
        kernels=rules.kernels.output,
        sources=sources("contrast.py"),
    output:
        pairs="<results>/contrast.csv",
        seconds="<benchmarks>/contrast.csv",
    log:
        "<logs>/contrast.log",
    benchmark:
        "<benchmarks>/contrast.tsv"
    priority: 1
    group:
        "condition"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        seed=config["seed"],
        pairs=min(config["contrast"]["pairs"], config["pairs"]),
        alignment=config["alignment"],
        cell=config["contrast"],
        scores=printed_scores,
    script:
        "../scripts/contrast.py"
