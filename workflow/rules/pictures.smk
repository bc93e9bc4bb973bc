# What figures show of volumes: slices, and surfaces seen from a side.


rule slices:
    input:
        examples=expand(
            "<subtomograms>/phantom/{condition}/example.mrc",
            condition=condition_folders["phantom"],
        ),
        sources=sources("slices.py"),
    output:
        "<pictures>/figure2.npz",
    log:
        "<logs>/pictures/figure2.log",
    benchmark:
        "<benchmarks>/pictures/figure2.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        scans=conditions["phantom"],
    script:
        "../scripts/slices.py"


rule pictures_of_averages:
    input:
        maps=expand(
            "<maps>/{averaged}_{map}.mrc",
            averaged=averaged,
            map=["truth"]
            + [f"average_{score}" for score in average_scores["subtomograms"]]
            + [f"noise_{average_scores['noise'][0]}"],
        ),
        sources=sources("pictures.py"),
    output:
        pictures="<pictures>/figure5.npz",
        chimerax="<maps>/averages.cxc",
    log:
        "<logs>/pictures/figure5.log",
    benchmark:
        "<benchmarks>/pictures/figure5.tsv"
    group:
        "results"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        objects=averaged,
        kinds=["truth", *average_scores["subtomograms"], "noise"],
        figure="figure5",
    script:
        "../scripts/pictures.py"


rule pictures_of_classes:
    input:
        maps=expand(
            "<maps>/{complex}_{map}.mrc",
            complex=complexes,
            map=["single", *[f"class_{score}" for score in scores], "truth"],
        ),
        sources=sources("pictures.py"),
    output:
        pictures="<pictures>/figure6.npz",
        chimerax="<maps>/classes.cxc",
    log:
        "<logs>/pictures/figure6.log",
    benchmark:
        "<benchmarks>/pictures/figure6.tsv"
    group:
        "results"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        objects=complexes,
        kinds=["single", *scores, "truth"],
        figure="figure6",
    script:
        "../scripts/pictures.py"
