# The aligner's compiled kernels: made by one job, so that those that follow do not each make their own.


# not `ancient` where it is an input: if such a job runs, Snakemake overlooks all other reasons to run those after it
rule kernels:
    input:
        sources=sources("kernels.py"),
    output:
        "<results>/kernels.txt",
    log:
        "<logs>/kernels.log",
    benchmark:
        "<benchmarks>/kernels.tsv"
    # while the first subtomograms are simulated
    priority: 3
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        alignment=config["alignment"],
    script:
        "../scripts/kernels.py"
