# Medians and deviations, beside the paper's.


rule tables:
    input:
        expand(f"{results}/tables/{{table}}.{{kind}}", table=phantom_tables, kind=["csv", "md"]),
        expand(f"{results}/tables/complexes.{{kind}}", kind=["csv", "md"] if complexes else []),
        multiext(f"{results}/tables/scanning", ".csv", ".md"),
        multiext(f"{results}/tables/averages", ".csv", ".md"),
        expand(f"{results}/tables/classification.{{kind}}", kind=["csv", "md"] if complexes else []),


rule table_of_phantom:
    input:
        alignments=f"{results}/alignments/phantom.csv",
        aligners=aligner_lines,
        bounds=f"{results}/bounds/phantom.csv",
        paper=paper_tables,
        sources=sources("table.py"),
    output:
        csv=f"{results}/tables/table{{number}}.csv",
        markdown=f"{results}/tables/table{{number}}.md",
    log:
        f"{results}/logs/tables/table{{number}}.log",
    benchmark:
        f"{results}/benchmarks/tables/table{{number}}.tsv"
    wildcard_constraints:
        number="[1-4]",
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/table.py"


rule table_of_complexes:
    input:
        alignments=expand(f"{results}/alignments/{{complex}}.csv", complex=complexes),
        aligners=aligner_lines,
        bounds=expand(f"{results}/bounds/{{complex}}.csv", complex=complexes),
        about=expand(f"{results}/density/{{complex}}.json", complex=complexes),
        sources=sources("table_complexes.py"),
    output:
        csv=f"{results}/tables/complexes.csv",
        markdown=f"{results}/tables/complexes.md",
    log:
        f"{results}/logs/tables/complexes.log",
    benchmark:
        f"{results}/benchmarks/tables/complexes.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        complexes=complexes,
    script:
        "../scripts/table_complexes.py"
