# Medians and deviations, beside the paper's.


rule tables:
    input:
        expand("<tables>/{table}.{kind}", table=phantom_tables, kind=["csv", "md"]),
        expand("<tables>/complexes.{kind}", kind=["csv", "md"] if complexes else []),
        multiext("<tables>/regret", ".csv", ".md"),
        multiext("<tables>/certainty", ".csv", ".md"),
        multiext("<tables>/scanning", ".csv", ".md"),
        multiext("<tables>/averages", ".csv", ".md"),
        expand("<tables>/classification.{kind}", kind=["csv", "md"] if complexes else []),


rule table1:
    input:
        multiext("<tables>/table1", ".csv", ".md"),
        multiext("<figures>/table1", ".svg", ".png"),


rule table2:
    input:
        multiext("<tables>/table2", ".csv", ".md"),
        multiext("<figures>/table2", ".svg", ".png"),


rule table3:
    input:
        multiext("<tables>/table3", ".csv", ".md"),
        multiext("<figures>/table3", ".svg", ".png"),


rule table4:
    input:
        multiext("<tables>/table4", ".csv", ".md"),
        multiext("<figures>/table4", ".svg", ".png"),


rule table_of_phantom:
    input:
        alignments="<alignments>/phantom.csv",
        aligners=aligner_lines,
        bounds="<bounds>/phantom.csv",
        paper=paper_tables,
        sources=sources("table.py"),
    output:
        csv="<tables>/table{number}.csv",
        markdown="<tables>/table{number}.md",
    log:
        "<logs>/tables/table{number}.log",
    benchmark:
        "<benchmarks>/tables/table{number}.tsv"
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
        alignments=expand("<alignments>/{complex}.csv", complex=complexes),
        aligners=aligner_lines,
        bounds=expand("<bounds>/{complex}.csv", complex=complexes),
        about=expand("<density>/{complex}.json", complex=complexes),
        sources=sources("table_complexes.py"),
    output:
        csv="<tables>/complexes.csv",
        markdown="<tables>/complexes.md",
    log:
        "<logs>/tables/complexes.log",
    benchmark:
        "<benchmarks>/tables/complexes.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        complexes=complexes,
    script:
        "../scripts/table_complexes.py"


rule table_of_regret:
    input:
        alignments=expand("<alignments>/{data_set}.csv", data_set=["phantom", *complexes]),
        sources=sources("table_regret.py"),
    output:
        csv="<tables>/regret.csv",
        markdown="<tables>/regret.md",
    log:
        "<logs>/tables/regret.log",
    benchmark:
        "<benchmarks>/tables/regret.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        objects=["phantom", *complexes],
    script:
        "../scripts/table_regret.py"


rule table_of_certainty:
    input:
        alignments=expand("<alignments>/{data_set}.csv", data_set=["phantom", *complexes]),
        sources=sources("table_certainty.py"),
    output:
        csv="<tables>/certainty.csv",
        markdown="<tables>/certainty.md",
    log:
        "<logs>/tables/certainty.log",
    benchmark:
        "<benchmarks>/tables/certainty.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        objects=["phantom", *complexes],
    script:
        "../scripts/table_certainty.py"


rule averages_table:
    input:
        alignments="<alignments>/averages.csv",
        shells=expand("<results>/averages/{averaged}_shells.csv", averaged=averaged),
        about=expand("<density>/{averaged}.json", averaged=averaged),
        sources=sources("averages_table.py"),
    output:
        csv="<tables>/averages.csv",
        markdown="<tables>/averages.md",
    log:
        "<logs>/tables/averages.log",
    benchmark:
        "<benchmarks>/tables/averages.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        objects=averaged,
    script:
        "../scripts/averages_table.py"
