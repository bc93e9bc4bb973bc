# The figures, and the tables typeset as figures.


rule figures:
    input:
        expand(
            "<figures>/{figure}.{kind}",
            figure=["figure1", "figure2", "figure3", "figure4", "figure5", "scanning", "certainty"]
            + phantom_tables
            + (["overview"] if "table1" in phantom_tables else [])
            + (["figure6", "complexes"] if complexes else []),
            kind=["svg", "png"],
        ),


rule overview:
    input:
        table="<tables>/table1.csv",
        sources=sources("overview.py"),
    output:
        svg=report(
            "<figures>/overview.svg",
            category=report_categories["figures"],
            labels={"": "The study at a glance"},
        ),
        png="<figures>/overview.png",
    log:
        "<logs>/figures/overview.log",
    benchmark:
        "<benchmarks>/figures/overview.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/overview.py"


rule table_figure:
    input:
        table="<tables>/{table}.csv",
        sources=sources("table_figure.py"),
    output:
        svg=report(
            "<figures>/{table}.svg",
            caption="../report/table.rst",
            category=report_categories["tables"],
            labels=table_label,
        ),
        png="<figures>/{table}.png",
    log:
        "<logs>/figures/{table}.log",
    benchmark:
        "<benchmarks>/figures/{table}.tsv"
    wildcard_constraints:
        table="table[1-4]|complexes",
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/table_figure.py"


rule figure1:
    input:
        snakefiles=snakefiles,
        sources=sources("figure1.py"),
    output:
        svg=report(
            "<figures>/figure1.svg",
            caption="../report/figure1.rst",
            category=report_categories["figures"],
            labels={"": "Figure 1: the search, and the rules"},
        ),
        png="<figures>/figure1.png",
    log:
        "<logs>/figures/figure1.log",
    benchmark:
        "<benchmarks>/figures/figure1.tsv"
    group:
        "results"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        # other aligners and a user's particles are no part of the study's own graph
        config=config | {"aligners": {}, "particles": config["particles"] | {"star": "", "reference": ""}},
    script:
        "../scripts/figure1.py"


rule figure2:
    input:
        density="<density>/phantom.mrc",
        slices="<pictures>/figure2.npz",
        sources=sources("figure2.py"),
    output:
        svg=report(
            "<figures>/figure2.svg",
            caption="../report/figure2.rst",
            category=report_categories["figures"],
            labels={"": "Figure 2: the phantom and its subtomograms"},
        ),
        png="<figures>/figure2.png",
    log:
        "<logs>/figures/figure2.log",
    benchmark:
        "<benchmarks>/figures/figure2.tsv"
    group:
        "results"
    resources:
        mem_mb=1500,
        runtime=10,
    script:
        "../scripts/figure2.py"


rule figure3:
    input:
        convergence="<results>/convergence.csv",
        sources=sources("figure3.py"),
    output:
        svg=report(
            "<figures>/figure3.svg",
            caption="../report/figure3.rst",
            category=report_categories["figures"],
            labels={"": "Figure 3: convergence"},
        ),
        png="<figures>/figure3.png",
    log:
        "<logs>/figures/figure3.log",
    benchmark:
        "<benchmarks>/figures/figure3.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        cell=config["convergence"],
    script:
        "../scripts/figure3.py"


rule figure4:
    input:
        cells="<results>/speedup.csv",
        sources=sources("figure4.py"),
    output:
        svg=report(
            "<figures>/figure4.svg",
            caption="../report/figure4.rst",
            category=report_categories["figures"],
            labels={"": "Figure 4: steps saved"},
        ),
        png="<figures>/figure4.png",
    log:
        "<logs>/figures/figure4.log",
    benchmark:
        "<benchmarks>/figures/figure4.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/figure4.py"


rule figure5:
    input:
        pictures="<pictures>/figure5.npz",
        shells=expand("<results>/averages/{averaged}_shells.csv", averaged=averaged),
        table="<tables>/averages.csv",
        sources=sources("figure5.py"),
    output:
        svg=report(
            "<figures>/figure5.svg",
            caption="../report/figure5.rst",
            category=report_categories["figures"],
            labels={"": "Figure 5: averages"},
        ),
        png="<figures>/figure5.png",
    log:
        "<logs>/figures/figure5.log",
    benchmark:
        "<benchmarks>/figures/figure5.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/figure5.py"


rule figure6:
    input:
        alignments="<alignments>/classification.csv",
        table="<tables>/classification.csv",
        pictures="<pictures>/figure6.npz",
        about=expand("<density>/{complex}.json", complex=complexes),
        sources=sources("figure6.py"),
    output:
        svg=report(
            "<figures>/figure6.svg",
            caption="../report/figure6.rst",
            category=report_categories["figures"],
            labels={"": "Figure 6: classes"},
        ),
        png="<figures>/figure6.png",
    log:
        "<logs>/figures/figure6.log",
    benchmark:
        "<benchmarks>/figures/figure6.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        objects=complexes,
    script:
        "../scripts/figure6.py"


rule scanning:
    input:
        multiext("<tables>/scanning", ".csv", ".md"),
        multiext("<figures>/scanning", ".svg", ".png"),


rule scanning_figure:
    input:
        table="<tables>/scanning.csv",
        sources=sources("scanning_figure.py"),
    output:
        svg=report(
            "<figures>/scanning.svg",
            caption="../report/scanning.rst",
            category=report_categories["tables"],
            labels={"": "The scans against refinement"},
        ),
        png="<figures>/scanning.png",
    log:
        "<logs>/figures/scanning.log",
    benchmark:
        "<benchmarks>/figures/scanning.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/scanning_figure.py"


rule certainty_figure:
    input:
        alignments="<alignments>/phantom.csv",
        sources=sources("certainty_figure.py"),
    output:
        svg=report(
            "<figures>/certainty.svg",
            caption="../report/certainty.rst",
            category=report_categories["tables"],
            labels={"": "How well the alignments judge themselves"},
        ),
        png="<figures>/certainty.png",
    log:
        "<logs>/figures/certainty.log",
    benchmark:
        "<benchmarks>/figures/certainty.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/certainty_figure.py"
