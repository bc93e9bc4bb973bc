# Exhaustive scans beside the refinement of the same pairs.


scanned_pairs = {
    number_text(interval): min(count, config["pairs"])
    for interval, count in zip(config["scanning"]["interval"], config["scanning"]["pairs"])
}
scanning_parts = [
    f"{condition_path(tilt, config['scanning']['snr'])}/interval~{interval}.csv"
    for tilt in config["scanning"]["tilt"]
    for interval in scanned_pairs
]


rule scan_pairs:
    input:
        volumes="<subtomograms>/phantom/<condition>/volumes.mrcs",
        poses="<subtomograms>/phantom/<condition>/poses.star",
        about="<density>/phantom.json",
        kernels=rules.kernels.output,
        sources=sources("scan_pairs.py"),
    output:
        pairs="<results>/scanning/<condition>/interval~{interval}.csv",
        seconds="<benchmarks>/scanning/<condition>/interval~{interval}.csv",
    log:
        "<logs>/scanning/<condition>/interval~{interval}.log",
    benchmark:
        "<benchmarks>/scanning/<condition>/interval~{interval}.tsv"
    # among the longest jobs of the study
    priority: 2
    group:
        "condition"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=config["seed"],
        pairs=lambda wildcards: scanned_pairs[wildcards.interval],
        alignment=config["alignment"],
        scores=printed_scores,
        seed_interval=config["scanning"]["seed_interval"],
    script:
        "../scripts/scan_pairs.py"


rule table_of_scans:
    input:
        parts=expand("<results>/scanning/{part}", part=scanning_parts),
        seconds=expand("<benchmarks>/scanning/{part}", part=scanning_parts),
        bounds="<bounds>/phantom.csv",
        sources=sources("table_scanning.py"),
    output:
        csv="<tables>/scanning.csv",
        markdown="<tables>/scanning.md",
        pairs="<results>/scanning/pairs.csv",
        seconds="<benchmarks>/scanning.csv",
    log:
        "<logs>/tables/scanning.log",
    benchmark:
        "<benchmarks>/tables/scanning.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=len(config["scanning"]["tilt"]) * len(printed_scores) * sum(scanned_pairs.values()),
    script:
        "../scripts/table_scanning.py"
