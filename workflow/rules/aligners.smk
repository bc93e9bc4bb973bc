# Other people's aligners: the pairs written for them, and their errors on these pairs.

called = [name for name, aligner in config["aligners"].items() if "call" in aligner]
read = [name for name in config["aligners"] if name not in called]
# of other aligners, where there are any
aligner_lines = [f"{results}/alignments/aligners.csv"] if config["aligners"] else []
aligner_seconds = [f"{results}/benchmarks/aligners.csv"] if called else []
called_parts = [
    f"{name}/{cell.object}/{scan_pattern.format(tilt=number_text(cell.tilt), snr=number_text(cell.snr))}.csv"
    for name in called
    for cell in aligner_cells[name]
]


rule export:
    input:
        [f"{results}/export/volumes/{name}/{scan}" for name, space in scans.items() for scan in space.instance_patterns],
        f"{results}/export/README.md",


rule export_volumes:
    input:
        density=f"{results}/density/{{dataset}}.mrc",
        sources=sources("export_volumes.py"),
    output:
        directory(f"{results}/export/volumes/{{dataset}}/{scan_pattern}"),
    log:
        f"{results}/logs/export/{{dataset}}/{scan_pattern}.log",
    benchmark:
        f"{results}/benchmarks/export/{{dataset}}/{scan_pattern}.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=config["seed"],
        pairs=config["pairs"],
        microscope=config["microscope"],
        subtomograms=config["subtomograms"],
    script:
        "../scripts/export_volumes.py"


rule export_lists:
    input:
        templates=expand(f"{results}/maps/{{object}}_truth.mrc", object=cells),
        sources=sources("export_lists.py"),
    output:
        multiext(f"{results}/export/", "README.md", "pairs.star", "particles.star"),
        templates=expand(f"{results}/export/templates/{{object}}.mrc", object=cells),
        wedges=directory(f"{results}/export/wedges"),
    log:
        f"{results}/logs/export/lists.log",
    benchmark:
        f"{results}/benchmarks/export/lists.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        config={
            name: config[name] for name in ["name", "seed", "pairs", "grid", "complexes", "subtomograms", "microscope"]
        },
    script:
        "../scripts/export_lists.py"


rule call_aligner:
    input:
        density=f"{results}/density/{{dataset}}.mrc",
        about=f"{results}/density/{{dataset}}.json",
        poses=f"{results}/poses/{{dataset}}.star",
        module=lambda wildcards: aligner_sources[wildcards.aligner],
        kernels=rules.kernels.output,
        sources=sources("call_aligner.py"),
    output:
        lines=f"{results}/aligners/{{aligner}}/{{dataset}}/{scan_pattern}.csv",
        seconds=f"{results}/benchmarks/aligners/{{aligner}}/{{dataset}}/{scan_pattern}.csv",
    log:
        job=f"{results}/logs/aligners/{{aligner}}/{{dataset}}/{scan_pattern}.log",
        aligner=f"{results}/logs/aligners/{{aligner}}/{{dataset}}/{scan_pattern}.said.log",
    benchmark:
        f"{results}/benchmarks/aligners/{{aligner}}/{{dataset}}/{scan_pattern}.tsv"
    wildcard_constraints:
        aligner="|".join(map(re.escape, called)) or "none",
    resources:
        # its memory is not ours to know; the module and every pair may take as long as the limit
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
        poses=lambda wildcards: [f"{results}/poses/{name}.star" for name in aligner_objects(wildcards)],
        about=lambda wildcards: [f"{results}/density/{name}.json" for name in aligner_objects(wildcards)],
        sources=sources("score_alignments.py"),
    output:
        f"{results}/aligners/{{aligner}}/pairs.csv",
    log:
        f"{results}/logs/aligners/{{aligner}}.log",
    benchmark:
        f"{results}/benchmarks/aligners/{{aligner}}.tsv"
    wildcard_constraints:
        aligner="|".join(map(re.escape, read)) or "none",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        objects=aligner_objects,
        cells=lambda wildcards: [tuple(cell) for cell in aligner_cells[wildcards.aligner]],
        pairs=lambda wildcards: pair_count(config["aligners"][wildcards.aligner], config),
        voxel_size=config["subtomograms"]["voxel_size"],
    script:
        "../scripts/score_alignments.py"


rule aligners:
    input:
        parts=[f"{results}/aligners/{part}" for part in called_parts]
        + [f"{results}/aligners/{name}/pairs.csv" for name in read],
        seconds=[f"{results}/benchmarks/aligners/{part}" for part in called_parts],
        sources=sources("aligners.py"),
    output:
        lines=f"{results}/alignments/aligners.csv",
        seconds=f"{results}/benchmarks/aligners.csv",
    log:
        f"{results}/logs/aligners.log",
    benchmark:
        f"{results}/benchmarks/aligners.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=sum(
            len(aligner_cells[name]) * pair_count(aligner, config) for name, aligner in config["aligners"].items()
        ),
    script:
        "../scripts/aligners.py"
