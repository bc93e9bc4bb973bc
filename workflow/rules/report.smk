# What the report says of the run itself; `make report` builds it.

from snakemake.io import regex_from_filepattern

from gradalign.base.sources import PACKAGE

table_titles = {"averages": "The averages"} | ({"classification": "The classes"} if complexes else {})


rule configuration:
    input:
        sources=sources("configuration.py"),
    output:
        "<results>/config.yaml",
    log:
        "<logs>/configuration.log",
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
        table="<tables>/{table}.csv",
        sources=sources("table_page.py"),
    output:
        report(
            "<tables>/{table}.html",
            caption="../report/table_page.rst",
            category=report_categories["tables"],
            labels=lambda wildcards: {"": table_titles[wildcards.table]},
        ),
    log:
        "<logs>/tables/{table}_page.log",
    benchmark:
        "<benchmarks>/tables/{table}_page.tsv"
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


# reads benchmark files, which are no outputs of their jobs: it waits for the jobs of all rules that it looks at
rule run_times:
    input:
        rules.tables.input,
        rules.figures.input,
        rules.verdicts.input,
        expand("<tables>/{table}.html", table=table_titles),
        expand("<poses>/{dataset}.star", dataset=conditions),
        searches="<benchmarks>/speedup.csv",
        scans="<benchmarks>/scanning.csv",
        steps="<benchmarks>/contrast.csv",
        aligners=aligner_seconds,
        sources=sources("run_times.py"),
    output:
        csv="<benchmarks>/run_times.csv",
        page=report(
            "<benchmarks>/run_times.html",
            caption="../report/run_times.rst",
            category=report_categories["run"],
            labels={"": "Run times and memory by rule"},
        ),
    log:
        "<logs>/run_times.log",
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        # those of the files included so far; a wildcard stands for one name, not for folders
        patterns={
            rule.name: regex_from_filepattern(str(rule.benchmark)).replace(">.+)", ">[^/]+)")
            for rule in workflow.rules
            if rule.benchmark
        },
    script:
        "../scripts/run_times.py"


# a ladder that was climbed stands on the page too
page_figures = [path for path in rules.figures.input if str(path).endswith(".svg")]
page_tables = [path for path in rules.tables.input if str(path).endswith(".csv")]
ladder_files = {
    kind: [path] if os.path.exists(path) else []
    for kind, path in {
        "figures": f"results/{config['name']}/figures/ladder.svg",
        "tables": f"results/{config['name']}/tables/ladder.csv",
    }.items()
}
class_scores = scores if complexes else []
page_templates = [os.path.relpath(path) for path in sorted((PACKAGE / "report" / "page" / "templates").iterdir())]


rule page:
    input:
        figures=[*page_figures, "<figures>/comparison.svg", *ladder_files["figures"]],
        tables=[*page_tables, "<tables>/comparison.csv", *ladder_files["tables"]],
        maps=[
            *expand("<maps>/{dataset}_average_{score}.mrc", dataset=conditions, score=average_scores["subtomograms"]),
            *expand("<maps>/{dataset}_noise_{score}.mrc", dataset=conditions, score=average_scores["noise"]),
            *expand("<maps>/{dataset}_truth.mrc", dataset=conditions),
            *expand("<maps>/{complex}_class_{score}.mrc", complex=complexes, score=class_scores),
        ],
        about=expand("<density>/{dataset}.json", dataset=conditions),
        claims="<results>/claims.csv",
        speedup="<results>/speedup.csv",
        seconds="<benchmarks>/speedup.csv",
        times=rules.run_times.output.csv,
        configuration=rules.configuration.output,
        templates=page_templates,
        sources=sources("page.py"),
    output:
        page="<results>/report.html",
        summary="<results>/summary.txt",
    log:
        "<logs>/page.log",
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        config=config,
    script:
        "../scripts/page.py"
