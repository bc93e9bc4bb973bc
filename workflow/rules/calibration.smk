# What the paper leaves open, held against its printed values; not part of the study, see docs/protocol.md.

calibrated_sections = {
    name: config[name]
    for name in ["grid", "complexes", "phantom", "subtomograms", "microscope", "alignment", "calibration"]
}


rule calibration:
    input:
        parts=expand("<results>/calibration/{condition}.csv", condition=condition_folders["phantom"]),
        complexes=expand("<results>/calibration/{complex}.csv", complex=complexes),
        paper=paper_tables,
        comparison=os.path.relpath(workflow_folder.parent / "results/reference/tables/comparison.csv"),
        sources=sources("calibration.py"),
    output:
        phantom="<results>/calibration.csv",
        worse_cells="<results>/calibration_worse_cells.csv",
        complexes="<results>/calibration_complexes.csv",
    log:
        "<logs>/calibration.log",
    benchmark:
        "<benchmarks>/calibration.tsv"
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
        "<results>/calibration/<condition>.csv",
    log:
        "<logs>/calibration/<condition>.log",
    benchmark:
        "<benchmarks>/calibration/<condition>.tsv"
    resources:
        mem_mb=1500,
        runtime=240,
    params:
        config=calibrated_sections,
    script:
        "../scripts/calibrate.py"


rule calibrate_complex:
    input:
        density="<density>/{complex}.mrc",
        about="<density>/{complex}.json",
        kernels=rules.kernels.output,
        sources=sources("calibrate_complex.py"),
    output:
        "<results>/calibration/{complex}.csv",
    log:
        "<logs>/calibration/{complex}.log",
    benchmark:
        "<benchmarks>/calibration/{complex}.tsv"
    wildcard_constraints:
        complex="|".join(complexes) or "none",
    resources:
        mem_mb=1500,
        runtime=240,
    params:
        config=calibrated_sections,
    script:
        "../scripts/calibrate_complex.py"
