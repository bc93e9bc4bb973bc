# Averages of many subtomograms aligned to a template, and of noise aligned to it.

averaged = ["phantom", *complexes]
average_kinds = ["subtomograms", "noise"]
average_section = config["averages"] | {"score": printed_scores}
# the parts of all averages, objects and kinds in order, by their ending
average_parts = {
    ending: expand(
        f"{results}/averages/{{averaged}}/{{kind}}~{{chunk}}.{ending}",
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
        density=f"{results}/density/{{averaged}}.mrc",
        sources=sources("template.py"),
    output:
        f"{results}/maps/{{averaged}}_truth.mrc",
    log:
        f"{results}/logs/maps/{{averaged}}_truth.log",
    benchmark:
        f"{results}/benchmarks/maps/{{averaged}}_truth.tsv"
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
        density=f"{results}/density/{{averaged}}.mrc",
        about=f"{results}/density/{{averaged}}.json",
        template=f"{results}/maps/{{averaged}}_truth.mrc",
        kernels=rules.kernels.output,
        sources=sources("average_part.py"),
    output:
        alignments=f"{results}/averages/{{averaged}}/{{kind}}~{{chunk}}.csv",
        sums=f"{results}/averages/{{averaged}}/{{kind}}~{{chunk}}.npz",
    log:
        f"{results}/logs/averages/{{averaged}}/{{kind}}~{{chunk}}.log",
    benchmark:
        f"{results}/benchmarks/averages/{{averaged}}/{{kind}}~{{chunk}}.tsv"
    wildcard_constraints:
        kind="|".join(average_kinds),
    group:
        "averages"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=config["seed"],
        section=average_section,
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
        f"{results}/alignments/averages.csv",
    log:
        f"{results}/logs/alignments/averages.log",
    benchmark:
        f"{results}/benchmarks/alignments/averages.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=len(averaged) * len(average_kinds) * len(printed_scores) * config["averages"]["particles"],
    script:
        "../scripts/average_alignments.py"


rule average:
    input:
        sums=lambda wildcards: [part for part in average_parts["npz"] if f"/{wildcards.averaged}/" in part],
        template=f"{results}/maps/{{averaged}}_truth.mrc",
        sources=sources("average.py"),
    output:
        subtomograms=expand(f"{results}/maps/{{{{averaged}}}}_average_{{score}}.mrc", score=printed_scores),
        noise=expand(f"{results}/maps/{{{{averaged}}}}_noise_{{score}}.mrc", score=printed_scores),
        shells=f"{results}/averages/{{averaged}}_shells.csv",
    log:
        f"{results}/logs/averages/{{averaged}}.log",
    benchmark:
        f"{results}/benchmarks/averages/{{averaged}}.tsv"
    group:
        "averages"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        section=average_section,
    script:
        "../scripts/average.py"


rule averages_table:
    input:
        alignments=f"{results}/alignments/averages.csv",
        shells=expand(f"{results}/averages/{{averaged}}_shells.csv", averaged=averaged),
        about=expand(f"{results}/density/{{averaged}}.json", averaged=averaged),
        sources=sources("averages_table.py"),
    output:
        csv=f"{results}/tables/averages.csv",
        markdown=f"{results}/tables/averages.md",
    log:
        f"{results}/logs/tables/averages.log",
    benchmark:
        f"{results}/benchmarks/tables/averages.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        objects=averaged,
    script:
        "../scripts/averages_table.py"


rule pictures_of_averages:
    input:
        maps=expand(
            f"{results}/maps/{{averaged}}_{{map}}.mrc",
            averaged=averaged,
            map=["truth"] + [f"average_{score}" for score in printed_scores] + [f"noise_{printed_scores[0]}"],
        ),
        sources=sources("pictures.py"),
    output:
        pictures=f"{results}/pictures/figure5.npz",
        chimerax=f"{results}/maps/averages.cxc",
    log:
        f"{results}/logs/pictures/figure5.log",
    benchmark:
        f"{results}/benchmarks/pictures/figure5.tsv"
    group:
        "results"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        objects=averaged,
        kinds=["truth", *printed_scores, "noise"],
        figure="figure5",
    script:
        "../scripts/pictures.py"


rule figure5:
    input:
        pictures=f"{results}/pictures/figure5.npz",
        shells=expand(f"{results}/averages/{{averaged}}_shells.csv", averaged=averaged),
        table=f"{results}/tables/averages.csv",
        sources=sources("figure5.py"),
    output:
        svg=report(
            f"{results}/figures/figure5.svg",
            caption="../report/figure5.rst",
            category=report_categories["figures"],
            labels={"": "Figure 5: averages"},
        ),
        png=f"{results}/figures/figure5.png",
    log:
        f"{results}/logs/figures/figure5.log",
    benchmark:
        f"{results}/benchmarks/figures/figure5.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/figure5.py"
