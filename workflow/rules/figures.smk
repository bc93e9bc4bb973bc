# The figures, and the tables typeset as figures.


rule figures:
    input:
        expand(
            f"{results}/figures/{{figure}}.{{kind}}",
            figure=["figure1", "figure2", "figure3", "figure4", "figure5", "scanning"]
            + phantom_tables
            + (["figure6", "complexes"] if complexes else []),
            kind=["svg", "png"],
        ),


rule table1:
    input:
        multiext(f"{results}/tables/table1", ".csv", ".md"),
        multiext(f"{results}/figures/table1", ".svg", ".png"),


rule table2:
    input:
        multiext(f"{results}/tables/table2", ".csv", ".md"),
        multiext(f"{results}/figures/table2", ".svg", ".png"),


rule table3:
    input:
        multiext(f"{results}/tables/table3", ".csv", ".md"),
        multiext(f"{results}/figures/table3", ".svg", ".png"),


rule table4:
    input:
        multiext(f"{results}/tables/table4", ".csv", ".md"),
        multiext(f"{results}/figures/table4", ".svg", ".png"),


rule table_figure:
    input:
        table=f"{results}/tables/{{table}}.csv",
        sources=sources("table_figure.py"),
    output:
        svg=report(
            f"{results}/figures/{{table}}.svg",
            caption="../report/table.rst",
            category=report_categories["tables"],
            labels=table_label,
        ),
        png=f"{results}/figures/{{table}}.png",
    log:
        f"{results}/logs/figures/{{table}}.log",
    benchmark:
        f"{results}/benchmarks/figures/{{table}}.tsv"
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
            f"{results}/figures/figure1.svg",
            caption="../report/figure1.rst",
            category=report_categories["figures"],
            labels={"": "Figure 1: the search, and the rules"},
        ),
        png=f"{results}/figures/figure1.png",
    log:
        f"{results}/logs/figures/figure1.log",
    benchmark:
        f"{results}/benchmarks/figures/figure1.tsv"
    group:
        "results"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        # other aligners are no part of the study's own graph
        config=config | {"aligners": {}},
    script:
        "../scripts/figure1.py"


rule slices:
    input:
        examples=expand(
            f"{results}/subtomograms/phantom/{{scan}}/example.mrc",
            scan=scans["phantom"].instance_patterns,
        ),
        sources=sources("slices.py"),
    output:
        f"{results}/pictures/figure2.npz",
    log:
        f"{results}/logs/pictures/figure2.log",
    benchmark:
        f"{results}/benchmarks/pictures/figure2.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        scans=scans["phantom"].dataframe.to_dict("records"),
    script:
        "../scripts/slices.py"


rule figure2:
    input:
        density=f"{results}/density/phantom.mrc",
        slices=f"{results}/pictures/figure2.npz",
        sources=sources("figure2.py"),
    output:
        svg=report(
            f"{results}/figures/figure2.svg",
            caption="../report/figure2.rst",
            category=report_categories["figures"],
            labels={"": "Figure 2: the phantom and its subtomograms"},
        ),
        png=f"{results}/figures/figure2.png",
    log:
        f"{results}/logs/figures/figure2.log",
    benchmark:
        f"{results}/benchmarks/figures/figure2.tsv"
    group:
        "results"
    resources:
        mem_mb=1500,
        runtime=10,
    script:
        "../scripts/figure2.py"


rule figure3:
    input:
        convergence=f"{results}/convergence.csv",
        sources=sources("figure3.py"),
    output:
        svg=report(
            f"{results}/figures/figure3.svg",
            caption="../report/figure3.rst",
            category=report_categories["figures"],
            labels={"": "Figure 3: convergence"},
        ),
        png=f"{results}/figures/figure3.png",
    log:
        f"{results}/logs/figures/figure3.log",
    benchmark:
        f"{results}/benchmarks/figures/figure3.tsv"
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
        cells=f"{results}/speedup.csv",
        sources=sources("figure4.py"),
    output:
        svg=report(
            f"{results}/figures/figure4.svg",
            caption="../report/figure4.rst",
            category=report_categories["figures"],
            labels={"": "Figure 4: steps saved"},
        ),
        png=f"{results}/figures/figure4.png",
    log:
        f"{results}/logs/figures/figure4.log",
    benchmark:
        f"{results}/benchmarks/figures/figure4.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/figure4.py"


rule scanning:
    input:
        multiext(f"{results}/tables/scanning", ".csv", ".md"),
        multiext(f"{results}/figures/scanning", ".svg", ".png"),


rule scanning_figure:
    input:
        table=f"{results}/tables/scanning.csv",
        sources=sources("scanning_figure.py"),
    output:
        svg=report(
            f"{results}/figures/scanning.svg",
            caption="../report/scanning.rst",
            category=report_categories["tables"],
            labels={"": "The scans against refinement"},
        ),
        png=f"{results}/figures/scanning.png",
    log:
        f"{results}/logs/figures/scanning.log",
    benchmark:
        f"{results}/benchmarks/figures/scanning.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/scanning_figure.py"
