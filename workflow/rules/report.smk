# What the report says of the run itself; `make report` builds it.

from snakemake.io import regex_from_filepattern

table_titles = {"averages": "The averages"} | ({"classification": "The classes"} if complexes else {})


rule configuration:
    input:
        sources=sources("configuration.py"),
    output:
        f"{results}/config.yaml",
    log:
        f"{results}/logs/configuration.log",
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        config=config,
    script:
        "../scripts/configuration.py"


rule table_page:
    input:
        table=f"{results}/tables/{{table}}.csv",
        sources=sources("table_page.py"),
    output:
        report(
            f"{results}/tables/{{table}}.html",
            caption="../report/table_page.rst",
            category=report_categories["tables"],
            labels=lambda wildcards: {"": table_titles[wildcards.table]},
        ),
    log:
        f"{results}/logs/tables/{{table}}_page.log",
    benchmark:
        f"{results}/benchmarks/tables/{{table}}_page.tsv"
    wildcard_constraints:
        table="|".join(table_titles),
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        title=lambda wildcards: table_titles[wildcards.table],
        caption="Numbers as in the CSV file of the same name, shortened; results/README.md says what the columns hold.",
    script:
        "../scripts/table_page.py"


rule run_times:
    input:
        rules.tables.input,
        rules.figures.input,
        rules.verdicts.input,
        expand(f"{results}/tables/{{table}}.html", table=table_titles),
        seconds=[f"{results}/benchmarks/{name}.csv" for name in ("speedup", "scanning", "contrast")] + aligner_seconds,
        sources=sources("run_times.py"),
    output:
        csv=f"{results}/benchmarks/run_times.csv",
        page=report(
            f"{results}/benchmarks/run_times.html",
            caption="../report/run_times.rst",
            category=report_categories["run"],
            labels={"": "Run times and memory by rule"},
        ),
    log:
        f"{results}/logs/run_times.log",
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        patterns=lambda wildcards: {
            # a wildcard stands for one name, not for folders
            rule.name: regex_from_filepattern(str(rule.benchmark)).replace(">.+)", ">[^/]+)")
            for rule in workflow.rules
            if rule.benchmark
        },
        seconds={
            "Searches: processor seconds of a pair (seeding, all seeds refined, stochastic search)": (
                f"{results}/benchmarks/speedup.csv"
            ),
            "Scans: processor seconds of a pair, and of all pairs by extrapolation": f"{results}/benchmarks/scanning.csv",
            "One refinement step: µs here, ms the paper's way": f"{results}/benchmarks/contrast.csv",
        }
        | {"Other aligners: seconds of an alignment, median": path for path in aligner_seconds},
    script:
        "../scripts/run_times.py"
