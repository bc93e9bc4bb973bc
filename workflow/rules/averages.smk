# Averages of many subtomograms aligned to a template, and of noise aligned to it.

averaged = ["phantom", *complexes]
average_kinds = ["subtomograms", "noise"]
average_section = config["averages"]
# a search by the likelihood goes deep where there is nothing to find: seconds for each volume of noise
average_scores = {
    "subtomograms": average_section["score"],
    "noise": paper_scores(average_section["score"]) or average_section["score"],
}
# few volumes of both kinds are one job: a job takes a second to start
together = len(average_kinds) * average_section["particles"] <= average_section["particles_per_job"]
part_kinds = average_kinds if together else ["{kind}"]
part_name = f"{'volumes' if together else '{kind}'}~{{chunk}}"
# the parts of all averages, objects and kinds in order, by their ending
average_parts = {
    ending: expand(
        "<results>/averages/{averaged}/{kind}~{chunk}.{ending}",
        ending=ending,
        averaged=averaged,
        kind=average_kinds,
        chunk=ranges(average_section["particles"], average_section["particles_per_job"]),
    )
    for ending in ("csv", "npz")
}


wildcard_constraints:
    averaged="|".join(averaged),


rule template:
    input:
        density="<density>/{averaged}.mrc",
        sources=sources("template.py"),
    output:
        "<maps>/{averaged}_truth.mrc",
    log:
        "<logs>/maps/{averaged}_truth.log",
    benchmark:
        "<benchmarks>/maps/{averaged}_truth.tsv"
    group:
        "maps"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=config["seed"],
        microscope=config["microscope"],
        subtomograms=config["subtomograms"],
    script:
        "../scripts/template.py"


rule average_part:
    input:
        density="<density>/{averaged}.mrc",
        scales=scale_paths("{averaged}", [number_text(average_section["tilt"])]),
        about="<density>/{averaged}.json",
        template="<maps>/{averaged}_truth.mrc",
        kernels=rules.kernels.output,
        sources=sources("average_part.py"),
    output:
        alignments=[f"<results>/averages/{{averaged}}/{kind}~{{chunk}}.csv" for kind in part_kinds],
        sums=[f"<results>/averages/{{averaged}}/{kind}~{{chunk}}.npz" for kind in part_kinds],
    log:
        f"<logs>/averages/{{averaged}}/{part_name}.log",
    benchmark:
        f"<benchmarks>/averages/{{averaged}}/{part_name}.tsv"
    wildcard_constraints:
        kind="|".join(average_kinds),
    group:
        "averages"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=config["seed"],
        kinds=lambda wildcards: [kind.format(**wildcards) for kind in part_kinds],
        section=average_section,
        scores=average_scores,
        alignment=config["alignment"],
        microscope=config["microscope"],
        subtomograms=config["subtomograms"],
    script:
        "../scripts/average_part.py"


rule average_alignments:
    input:
        parts=average_parts["csv"],
        sources=sources("average_alignments.py"),
    output:
        "<alignments>/averages.csv",
    log:
        "<logs>/alignments/averages.log",
    benchmark:
        "<benchmarks>/alignments/averages.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=len(averaged) * sum(map(len, average_scores.values())) * config["averages"]["particles"],
    script:
        "../scripts/average_alignments.py"


rule average:
    input:
        sums=lambda wildcards: [part for part in average_parts["npz"] if f"/{wildcards.averaged}/" in part],
        template="<maps>/{averaged}_truth.mrc",
        sources=sources("average.py"),
    output:
        subtomograms=expand("<maps>/{{averaged}}_average_{score}.mrc", score=average_scores["subtomograms"]),
        noise=expand("<maps>/{{averaged}}_noise_{score}.mrc", score=average_scores["noise"]),
        shells="<results>/averages/{averaged}_shells.csv",
    log:
        "<logs>/averages/{averaged}.log",
    benchmark:
        "<benchmarks>/averages/{averaged}.tsv"
    group:
        "averages"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        section=average_section,
        scores=average_scores,
    script:
        "../scripts/average.py"
