# The pairs written for other people's aligners.


rule export:
    input:
        [
            f"<results>/export/volumes/{name}/{condition}"
            for name, folders in condition_folders.items()
            for condition in folders
        ],
        "<results>/export/README.md",


rule export_volumes:
    input:
        density="<density>/{dataset}.mrc",
        sources=sources("export_volumes.py"),
    output:
        directory("<results>/export/volumes/{dataset}/<condition>"),
    log:
        "<logs>/export/{dataset}/<condition>.log",
    benchmark:
        "<benchmarks>/export/{dataset}/<condition>.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=config["seed"],
        pairs=config["pairs"],
        microscope=config["microscope"],
        subtomograms=config["subtomograms"],
    script:
        "../scripts/export_volumes.py"


rule export_lists:
    input:
        templates=expand("<maps>/{object}_truth.mrc", object=conditions),
        sources=sources("export_lists.py"),
    output:
        multiext("<results>/export/", "README.md", "pairs.star", "particles.star"),
        templates=expand("<results>/export/templates/{object}.mrc", object=conditions),
        wedges=directory("<results>/export/wedges"),
    log:
        "<logs>/export/lists.log",
    benchmark:
        "<benchmarks>/export/lists.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        config={
            name: config[name] for name in ["name", "seed", "pairs", "grid", "complexes", "subtomograms", "microscope"]
        },
    script:
        "../scripts/export_lists.py"
