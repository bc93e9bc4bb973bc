# Density maps of the objects, each with its title and point group.


rule phantom_density:
    input:
        sources=sources("phantom.py"),
    output:
        map="<density>/phantom.mrc",
        about="<density>/phantom.json",
    log:
        "<logs>/density/phantom.log",
    benchmark:
        "<benchmarks>/density/phantom.tsv"
    group:
        "maps"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        phantom=config["phantom"],
        voxel_size=config["subtomograms"]["voxel_size"],
    script:
        "../scripts/phantom.py"


rule complex_density:
    input:
        map_inputs,
        sources=sources("structures.py"),
    output:
        map="<density>/{complex}.mrc",
        about="<density>/{complex}.json",
    log:
        "<logs>/density/{complex}.log",
    benchmark:
        "<benchmarks>/density/{complex}.tsv"
    wildcard_constraints:
        complex="|".join(complexes) or "none",
    group:
        "maps"
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        source=map_source,
    script:
        "../scripts/structures.py"
