# How the search works: its convergence, its steps against those of every seed by itself, and exhaustive scans.


rule convergence:
    input:
        volumes=phantom_file("volumes.mrcs", config["convergence"]),
        poses=phantom_file("poses.star", config["convergence"]),
        about=f"{results}/density/phantom.json",
        kernels=rules.kernels.output,
        sources=sources("convergence.py"),
    output:
        f"{results}/convergence.csv",
    log:
        f"{results}/logs/convergence.log",
    benchmark:
        f"{results}/benchmarks/convergence.tsv"
    priority: 1
    group:
        "scan"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        seed=config["seed"],
        pairs=config["pairs"],
        alignment=config["alignment"],
        cell=config["convergence"],
        scores=printed_scores,
    script:
        "../scripts/convergence.py"


rule speedup_pairs:
    input:
        volumes=f"{results}/subtomograms/phantom/{scan_pattern}/volumes.mrcs",
        poses=f"{results}/subtomograms/phantom/{scan_pattern}/poses.star",
        kernels=rules.kernels.output,
        sources=sources("speedup_pairs.py"),
    output:
        pairs=f"{results}/speedup/{scan_pattern}/pairs~{{chunk}}.csv",
        seconds=f"{results}/benchmarks/speedup/{scan_pattern}/pairs~{{chunk}}.csv",
    log:
        f"{results}/logs/speedup/{scan_pattern}/pairs~{{chunk}}.log",
    benchmark:
        f"{results}/benchmarks/speedup/{scan_pattern}/pairs~{{chunk}}.tsv"
    priority: 1
    group:
        "scan"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=config["seed"],
        alignment=config["alignment"],
        scores=config["grid"]["score"],
        intervals=config["grid"]["interval"],
    script:
        "../scripts/speedup_pairs.py"


rule speedup:
    input:
        parts=[f"{results}/speedup/{part}" for part in speedup_parts],
        seconds=[f"{results}/benchmarks/speedup/{part}" for part in speedup_parts],
        sources=sources("speedup.py"),
    output:
        cells=f"{results}/speedup.csv",
        pairs=f"{results}/speedup/pairs.csv",
        seconds=f"{results}/benchmarks/speedup.csv",
    log:
        f"{results}/logs/speedup.log",
    benchmark:
        f"{results}/benchmarks/speedup.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=(
            len(scans["phantom"].dataframe)
            * len(config["grid"]["interval"])
            * len(config["grid"]["score"])
            * speedup_count
        ),
    script:
        "../scripts/speedup.py"


rule scan_pairs:
    input:
        volumes=f"{results}/subtomograms/phantom/{scan_pattern}/volumes.mrcs",
        poses=f"{results}/subtomograms/phantom/{scan_pattern}/poses.star",
        about=f"{results}/density/phantom.json",
        kernels=rules.kernels.output,
        sources=sources("scan_pairs.py"),
    output:
        pairs=f"{results}/scanning/{scan_pattern}/interval~{{interval}}.csv",
        seconds=f"{results}/benchmarks/scanning/{scan_pattern}/interval~{{interval}}.csv",
    log:
        f"{results}/logs/scanning/{scan_pattern}/interval~{{interval}}.log",
    benchmark:
        f"{results}/benchmarks/scanning/{scan_pattern}/interval~{{interval}}.tsv"
    # the longest jobs of the study
    priority: 2
    group:
        "scan"
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
        parts=[f"{results}/scanning/{part}" for part in scanning_parts],
        seconds=[f"{results}/benchmarks/scanning/{part}" for part in scanning_parts],
        bounds=f"{results}/bounds/phantom.csv",
        sources=sources("table_scanning.py"),
    output:
        csv=f"{results}/tables/scanning.csv",
        markdown=f"{results}/tables/scanning.md",
        pairs=f"{results}/scanning/pairs.csv",
        seconds=f"{results}/benchmarks/scanning.csv",
    log:
        f"{results}/logs/tables/scanning.log",
    benchmark:
        f"{results}/benchmarks/tables/scanning.tsv"
    group:
        "results"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        total=len(config["scanning"]["tilt"]) * len(printed_scores) * sum(scanned_pairs.values()),
    script:
        "../scripts/table_scanning.py"
