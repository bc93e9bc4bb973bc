# Other people's aligners: called for the study's pairs, or read from a file, and their errors.


called = [name for name, aligner in config["aligners"].items() if "call" in aligner]
read = [name for name in config["aligners"] if name not in called]
# of other aligners, where there are any
aligner_lines = ["<alignments>/aligners.csv"] if config["aligners"] else []
aligner_seconds = ["<benchmarks>/aligners.csv"] if called else []
called_parts = [
    f"{name}/{each.object}/{condition_path(each.tilt, each.snr)}.csv"
    for name in called
    for each in aligner_conditions[name]
]


rule call_aligner:
    input:
        density="<density>/{dataset}.mrc",
        about="<density>/{dataset}.json",
        poses="<poses>/{dataset}.star",
        module=lambda wildcards: aligner_sources[wildcards.aligner],
        kernels=rules.kernels.output,
        sources=sources("call_aligner.py"),
    output:
        lines="<results>/aligners/{aligner}/{dataset}/<condition>.csv",
        seconds="<benchmarks>/aligners/{aligner}/{dataset}/<condition>.csv",
    log:
        job="<logs>/aligners/{aligner}/{dataset}/<condition>.log",
        aligner="<logs>/aligners/{aligner}/{dataset}/<condition>.said.log",
    benchmark:
        "<benchmarks>/aligners/{aligner}/{dataset}/<condition>.tsv"
    wildcard_constraints:
        aligner="|".join(map(re.escape, called)) or "none",
    resources:
        # its memory is not ours to know; every pair may take as long as the limit
        mem_mb=4000,
        runtime=lambda wildcards: called_minutes(config["aligners"][wildcards.aligner], config),
    params:
        seed=config["seed"],
        aligner=lambda wildcards: config["aligners"][wildcards.aligner],
        pairs=lambda wildcards: pair_count(config["aligners"][wildcards.aligner], config),
        folders=module_folders,
        microscope=config["microscope"],
        subtomograms=config["subtomograms"],
    script:
        "../scripts/call_aligner.py"


rule score_alignments:
    input:
        star=lambda wildcards: config["aligners"][wildcards.aligner]["star"],
        poses=lambda wildcards: expand("<poses>/{object}.star", object=aligner_objects(wildcards)),
        about=lambda wildcards: expand("<density>/{object}.json", object=aligner_objects(wildcards)),
        sources=sources("score_alignments.py"),
    output:
        "<results>/aligners/{aligner}/pairs.csv",
    log:
        "<logs>/aligners/{aligner}.log",
    benchmark:
        "<benchmarks>/aligners/{aligner}.tsv"
    wildcard_constraints:
        aligner="|".join(map(re.escape, read)) or "none",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        objects=aligner_objects,
        conditions=lambda wildcards: list(map(tuple, aligner_conditions[wildcards.aligner])),
        pairs=lambda wildcards: pair_count(config["aligners"][wildcards.aligner], config),
        voxel_size=config["subtomograms"]["voxel_size"],
    script:
        "../scripts/score_alignments.py"


rule aligners:
    input:
        parts=expand("<results>/aligners/{part}", part=[*called_parts, *(f"{name}/pairs.csv" for name in read)]),
        seconds=expand("<benchmarks>/aligners/{part}", part=called_parts),
        sources=sources("aligners.py"),
    output:
        lines="<alignments>/aligners.csv",
        seconds="<benchmarks>/aligners.csv",
    log:
        "<logs>/aligners.log",
    benchmark:
        "<benchmarks>/aligners.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=sum(
            len(aligner_conditions[name]) * pair_count(aligner, config) for name, aligner in config["aligners"].items()
        ),
    script:
        "../scripts/aligners.py"
