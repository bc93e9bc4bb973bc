# All pairs of a mixture of the complexes: their dissimilarities, the classes that follow, and the classes' averages.

class_section = config["classification"] | {"score": scores}
class_count = len(complexes) * config["classification"]["particles"]


rule mixture:
    input:
        densities=expand("<density>/{complex}.mrc", complex=complexes),
        scales=[path for name in complexes for path in scale_paths(name, [number_text(class_section["tilt"])])],
        sources=sources("mixture.py"),
    output:
        volumes=temp("<results>/classification/volumes.mrcs"),
        poses="<poses>/classification.star",
    log:
        "<logs>/classification/mixture.log",
    benchmark:
        "<benchmarks>/classification/mixture.tsv"
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
        volumes="<results>/classification/volumes.mrcs",
        poses="<poses>/classification.star",
        kernels=rules.kernels.output,
        sources=sources("all_pairs_part.py"),
    output:
        "<results>/classification/pairs~{chunk}.csv",
    log:
        "<logs>/classification/pairs~{chunk}.log",
    benchmark:
        "<benchmarks>/classification/pairs~{chunk}.tsv"
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
            "<results>/classification/pairs~{chunk}.csv",
            chunk=ranges(class_count * (class_count - 1) // 2, config["classification"]["pairs_per_job"]),
        ),
        sources=sources("all_pairs.py"),
    output:
        "<alignments>/classification.csv",
    log:
        "<logs>/alignments/classification.log",
    benchmark:
        "<benchmarks>/alignments/classification.tsv"
    group:
        "mixture"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=class_count * (class_count - 1) // 2 * len(scores),
    script:
        "../scripts/all_pairs.py"


rule classes:
    input:
        alignments="<alignments>/classification.csv",
        volumes="<results>/classification/volumes.mrcs",
        poses="<poses>/classification.star",
        sources=sources("classes.py"),
    output:
        members="<results>/classification/classes.csv",
        averages=expand("<maps>/{complex}_class_{score}.mrc", complex=complexes, score=scores),
        singles=expand("<maps>/{complex}_single.mrc", complex=complexes),
    log:
        "<logs>/classification/classes.log",
    benchmark:
        "<benchmarks>/classification/classes.tsv"
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
        classes="<results>/classification/classes.csv",
        averages=expand("<maps>/{complex}_class_{score}.mrc", complex=complexes, score=class_section["score"]),
        truths=expand("<maps>/{complex}_truth.mrc", complex=complexes),
        about=expand("<density>/{complex}.json", complex=complexes),
        sources=sources("classes_table.py"),
    output:
        csv="<tables>/classification.csv",
        markdown="<tables>/classification.md",
    log:
        "<logs>/tables/classification.log",
    benchmark:
        "<benchmarks>/tables/classification.tsv"
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
