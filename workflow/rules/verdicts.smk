# The paper against this study: cell by cell, and claim by claim.


rule verdicts:
    input:
        multiext("<tables>/comparison", ".csv", ".md", ".html"),
        multiext("<figures>/comparison", ".svg", ".png"),
        multiext("<results>/claims", ".csv", ".md", ".html"),


rule comparison:
    input:
        alignments="<alignments>/phantom.csv",
        bounds="<bounds>/phantom.csv",
        paper=paper_tables,
        sources=sources("comparison.py"),
    output:
        csv="<tables>/comparison.csv",
        markdown="<tables>/comparison.md",
        page=report(
            "<tables>/comparison.html",
            caption="../report/comparison.rst",
            category=report_categories["verdicts"],
            labels={"": "2 Paper against here: every cell"},
        ),
    log:
        "<logs>/tables/comparison.log",
    benchmark:
        "<benchmarks>/tables/comparison.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=config["seed"],
    script:
        "../scripts/comparison.py"


rule comparison_figure:
    input:
        table="<tables>/comparison.csv",
        sources=sources("comparison_figure.py"),
    output:
        svg=report(
            "<figures>/comparison.svg",
            caption="../report/comparison.rst",
            category=report_categories["verdicts"],
            labels={"": "1 Paper against here: ratios"},
        ),
        png="<figures>/comparison.png",
    log:
        "<logs>/figures/comparison.log",
    benchmark:
        "<benchmarks>/figures/comparison.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/comparison_figure.py"


rule claims:
    input:
        alignments="<alignments>/phantom.csv",
        paper=paper_tables,
        comparisons="<results>/speedup/pairs.csv",
        scans="<results>/scanning/pairs.csv",
        contrast="<results>/contrast.csv",
        averages="<tables>/averages.csv",
        classes="<tables>/classification.csv" if complexes else [],
        sources=sources("claims.py"),
    output:
        csv="<results>/claims.csv",
        markdown="<results>/claims.md",
        page=report(
            "<results>/claims.html",
            caption="../report/claims.rst",
            category=report_categories["verdicts"],
            labels={"": "3 The paper's claims"},
        ),
    log:
        "<logs>/claims.log",
    benchmark:
        "<benchmarks>/claims.tsv"
    group:
        "results"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        seed=config["seed"],
    script:
        "../scripts/claims.py"
