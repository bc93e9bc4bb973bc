# All pairs of a mixture of the complexes: their dissimilarities, the classes that follow, and the classes' averages.

class_section = config["classification"] | {"score": printed_scores}
class_count = len(complexes) * config["classification"]["particles"]


rule mixture:
    input:
        densities=expand(f"{results}/density/{{complex}}.mrc", complex=complexes),
        sources=sources("mixture.py"),
    output:
        volumes=temp(f"{results}/classification/volumes.mrcs"),
        poses=f"{results}/poses/classification.star",
    log:
        f"{results}/logs/classification/mixture.log",
    benchmark:
        f"{results}/benchmarks/classification/mixture.tsv"
    group:
        "mixture"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=config["seed"],
        objects=complexes,
        section=class_section,
        microscope=config["microscope"],
        subtomograms=config["subtomograms"],
    script:
        "../scripts/mixture.py"


rule all_pairs_part:
    input:
        volumes=f"{results}/classification/volumes.mrcs",
        poses=f"{results}/poses/classification.star",
        kernels=rules.kernels.output,
        sources=sources("all_pairs_part.py"),
    output:
        f"{results}/classification/pairs~{{chunk}}.csv",
    log:
        f"{results}/logs/classification/pairs~{{chunk}}.log",
    benchmark:
        f"{results}/benchmarks/classification/pairs~{{chunk}}.tsv"
    group:
        "mixture"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=config["seed"],
        section=class_section,
        alignment=config["alignment"],
    script:
        "../scripts/all_pairs_part.py"


rule all_pairs:
    input:
        parts=expand(
            f"{results}/classification/pairs~{{chunk}}.csv",
            chunk=ranges(class_count * (class_count - 1) // 2, config["classification"]["pairs_per_job"]),
        ),
        sources=sources("all_pairs.py"),
    output:
        f"{results}/alignments/classification.csv",
    log:
        f"{results}/logs/alignments/classification.log",
    benchmark:
        f"{results}/benchmarks/alignments/classification.tsv"
    group:
        "mixture"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=class_count * (class_count - 1) // 2 * len(printed_scores),
    script:
        "../scripts/all_pairs.py"


rule classes:
    input:
        alignments=f"{results}/alignments/classification.csv",
        volumes=f"{results}/classification/volumes.mrcs",
        poses=f"{results}/poses/classification.star",
        sources=sources("classes.py"),
    output:
        members=f"{results}/classification/classes.csv",
        averages=expand(f"{results}/maps/{{complex}}_class_{{score}}.mrc", complex=complexes, score=printed_scores),
        singles=expand(f"{results}/maps/{{complex}}_single.mrc", complex=complexes),
    log:
        f"{results}/logs/classification/classes.log",
    benchmark:
        f"{results}/benchmarks/classification/classes.tsv"
    group:
        "mixture"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        objects=complexes,
        section=class_section,
    script:
        "../scripts/classes.py"


rule classes_table:
    input:
        classes=f"{results}/classification/classes.csv",
        averages=expand(
            f"{results}/maps/{{complex}}_class_{{score}}.mrc", complex=complexes, score=class_section["score"]
        ),
        truths=expand(f"{results}/maps/{{complex}}_truth.mrc", complex=complexes),
        about=expand(f"{results}/density/{{complex}}.json", complex=complexes),
        sources=sources("classes_table.py"),
    output:
        csv=f"{results}/tables/classification.csv",
        markdown=f"{results}/tables/classification.md",
    log:
        f"{results}/logs/tables/classification.log",
    benchmark:
        f"{results}/benchmarks/tables/classification.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        objects=complexes,
        section=class_section,
    script:
        "../scripts/classes_table.py"


rule pictures_of_classes:
    input:
        maps=expand(
            f"{results}/maps/{{complex}}_{{map}}.mrc",
            complex=complexes,
            map=["single", *[f"class_{score}" for score in printed_scores], "truth"],
        ),
        sources=sources("pictures.py"),
    output:
        pictures=f"{results}/pictures/figure6.npz",
        chimerax=f"{results}/maps/classes.cxc",
    log:
        f"{results}/logs/pictures/figure6.log",
    benchmark:
        f"{results}/benchmarks/pictures/figure6.tsv"
    group:
        "results"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        objects=complexes,
        kinds=["single", *printed_scores, "truth"],
        figure="figure6",
    script:
        "../scripts/pictures.py"


rule figure6:
    input:
        alignments=f"{results}/alignments/classification.csv",
        table=f"{results}/tables/classification.csv",
        pictures=f"{results}/pictures/figure6.npz",
        about=expand(f"{results}/density/{{complex}}.json", complex=complexes),
        sources=sources("figure6.py"),
    output:
        svg=report(
            f"{results}/figures/figure6.svg",
            caption="../report/figure6.rst",
            category=report_categories["figures"],
            labels={"": "Figure 6: classes"},
        ),
        png=f"{results}/figures/figure6.png",
    log:
        f"{results}/logs/figures/figure6.log",
    benchmark:
        f"{results}/benchmarks/figures/figure6.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        objects=complexes,
    script:
        "../scripts/figure6.py"
