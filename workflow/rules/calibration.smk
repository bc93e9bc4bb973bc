# What the paper leaves open, held against its printed values; not part of the study, see docs/protocol.md.


rule calibration:
    input:
        parts=[f"{results}/calibration/{scan}.csv" for scan in scans["phantom"].instance_patterns],
        paper=paper_tables,
        sources=sources("calibration.py"),
    output:
        f"{results}/calibration.csv",
    log:
        f"{results}/logs/calibration.log",
    benchmark:
        f"{results}/benchmarks/calibration.tsv"
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/calibration.py"


rule calibrate:
    input:
        sources=sources("calibrate.py"),
    output:
        f"{results}/calibration/{scan_pattern}.csv",
    log:
        f"{results}/logs/calibration/{scan_pattern}.log",
    benchmark:
        f"{results}/benchmarks/calibration/{scan_pattern}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        config={
            name: config[name]
            for name in ["grid", "phantom", "subtomograms", "microscope", "alignment", "calibration"]
        },
    script:
        "../scripts/calibrate.py"
