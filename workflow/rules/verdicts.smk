# The paper against this study: cell by cell, and claim by claim.


rule verdicts:
    input:
        multiext(f"{results}/tables/comparison", ".csv", ".md", ".html"),
        multiext(f"{results}/figures/comparison", ".svg", ".png"),
        multiext(f"{results}/claims", ".csv", ".md", ".html"),


rule comparison:
    input:
        alignments=f"{results}/alignments/phantom.csv",
        bounds=f"{results}/bounds/phantom.csv",
        paper=paper_tables,
        sources=sources("comparison.py"),
    output:
        csv=f"{results}/tables/comparison.csv",
        markdown=f"{results}/tables/comparison.md",
        page=report(
            f"{results}/tables/comparison.html",
            caption="../report/comparison.rst",
            category=report_categories["verdicts"],
            labels={"": "2 Paper against here: every cell"},
        ),
    log:
        f"{results}/logs/tables/comparison.log",
    benchmark:
        f"{results}/benchmarks/tables/comparison.tsv"
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
        table=f"{results}/tables/comparison.csv",
        sources=sources("comparison_figure.py"),
    output:
        svg=report(
            f"{results}/figures/comparison.svg",
            caption="../report/comparison.rst",
            category=report_categories["verdicts"],
            labels={"": "1 Paper against here: ratios"},
        ),
        png=f"{results}/figures/comparison.png",
    log:
        f"{results}/logs/figures/comparison.log",
    benchmark:
        f"{results}/benchmarks/figures/comparison.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/comparison_figure.py"


rule contrast:
    input:
        volumes=phantom_file("volumes.mrcs", config["contrast"]),
        poses=phantom_file("poses.star", config["contrast"]),
        about=f"{results}/density/phantom.json",
        kernels=rules.kernels.output,
        sources=sources("contrast.py"),
    output:
        pairs=f"{results}/contrast.csv",
        seconds=f"{results}/benchmarks/contrast.csv",
    log:
        f"{results}/logs/contrast.log",
    benchmark:
        f"{results}/benchmarks/contrast.tsv"
    priority: 1
    group:
        "scan"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        seed=config["seed"],
        pairs=min(config["contrast"]["pairs"], config["pairs"]),
        alignment=config["alignment"],
        cell=config["contrast"],
        scores=printed_scores,
    script:
        "../scripts/contrast.py"


rule claims:
    input:
        alignments=f"{results}/alignments/phantom.csv",
        paper=paper_tables,
        comparisons=f"{results}/speedup/pairs.csv",
        scans=f"{results}/scanning/pairs.csv",
        contrast=f"{results}/contrast.csv",
        averages=f"{results}/tables/averages.csv",
        classes=f"{results}/tables/classification.csv" if complexes else [],
        sources=sources("claims.py"),
    output:
        csv=f"{results}/claims.csv",
        markdown=f"{results}/claims.md",
        page=report(
            f"{results}/claims.html",
            caption="../report/claims.rst",
            category=report_categories["verdicts"],
            labels={"": "3 The paper's claims"},
        ),
    log:
        f"{results}/logs/claims.log",
    benchmark:
        f"{results}/benchmarks/claims.tsv"
    group:
        "results"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        seed=config["seed"],
    script:
        "../scripts/claims.py"
