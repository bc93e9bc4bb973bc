# What the paper leaves open, held against its printed values; not part of the study, see docs/protocol.md.

calibrated_sections = {
    name: config[name]
    for name in ["grid", "complexes", "phantom", "subtomograms", "microscope", "alignment", "calibration"]
}


rule calibration:
    input:
        parts=[f"{results}/calibration/{scan}.csv" for scan in scans["phantom"].instance_patterns],
        complexes=expand(f"{results}/calibration/{{complex}}.csv", complex=complexes),
        paper=paper_tables,
        sources=sources("calibration.py"),
    output:
        phantom=f"{results}/calibration.csv",
        complexes=f"{results}/calibration_complexes.csv",
    log:
        f"{results}/logs/calibration.log",
    benchmark:
        f"{results}/benchmarks/calibration.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/calibration.py"


rule calibrate:
    input:
        kernels=rules.kernels.output,
        sources=sources("calibrate.py"),
    output:
        f"{results}/calibration/{scan_pattern}.csv",
    log:
        f"{results}/logs/calibration/{scan_pattern}.log",
    benchmark:
        f"{results}/benchmarks/calibration/{scan_pattern}.tsv"
    resources:
        mem_mb=1500,
        runtime=240,
    params:
        config=calibrated_sections,
    script:
        "../scripts/calibrate.py"


rule calibrate_complex:
    input:
        density=f"{results}/density/{{complex}}.mrc",
        about=f"{results}/density/{{complex}}.json",
        kernels=rules.kernels.output,
        sources=sources("calibrate_complex.py"),
    output:
        f"{results}/calibration/{{complex}}.csv",
    log:
        f"{results}/logs/calibration/{{complex}}.log",
    benchmark:
        f"{results}/benchmarks/calibration/{{complex}}.tsv"
    wildcard_constraints:
        complex="|".join(complexes) or "none",
    resources:
        mem_mb=1500,
        runtime=240,
    params:
        config=calibrated_sections,
    script:
        "../scripts/calibrate_complex.py"
