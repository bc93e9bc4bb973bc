# Boxes cut out of tomograms at the places of a user's list; `boxes` and `boxes_section` come from the rules that need it.

boxes_of = dict(zip(boxes.folders, boxes.tomograms))
boxes_files = {
    name: known_inputs(map(os.path.abspath, paths))
    for name, paths in {
        "lists": [boxes_section["star"], *([boxes_section["tomograms"]] if boxes_section["tomograms"] else [])],
        **{name: tomogram.paths for name, tomogram in boxes_of.items()},
    }.items()
}
boxes_choices = {
    key: boxes_section[key]
    for key in ("star", "subtomograms", "tomograms", "box", "binning", "voxel_size", "class_number")
    if key in boxes_section
}


wildcard_constraints:
    tomogram="|".join(map(re.escape, boxes.folders)),


rule boxes_list:
    input:
        files=boxes_files["lists"],
        sources=sources("boxes_list.py"),
    output:
        **({"set": "<boxes>/optimisation_set.star"} if boxes.listing.picked.set_path else {}),
        star="<boxes>/particles.star",
        left_out="<boxes>/left_out.csv",
        members=expand("<boxes>/members~{tomogram}.csv", tomogram=boxes.folders),
    log:
        "<logs>/boxes/list.log",
    benchmark:
        "<benchmarks>/boxes/list.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        section=boxes_choices,
        folder=boxes_folder,
        digest=boxes.digest,
    script:
        "../scripts/boxes_list.py"


rule boxes_cut:
    input:
        members="<boxes>/members~{tomogram}.csv",
        files=lambda wildcards: boxes_files[wildcards.tomogram],
        sources=sources("boxes_cut.py"),
    output:
        directory("<boxes>/{tomogram}"),
    log:
        "<logs>/boxes/{tomogram}.log",
    benchmark:
        "<benchmarks>/boxes/{tomogram}.tsv"
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        files=lambda wildcards: boxes_of[wildcards.tomogram].paths,
        voxel_size=lambda wildcards: boxes_of[wildcards.tomogram].voxel_size,
        edge=boxes.edge,
        digest=boxes.digest,
    script:
        "../scripts/boxes_cut.py"


# what stands in the place of the user's list
boxes_made = [
    "<boxes>/optimisation_set.star" if boxes.listing.picked.set_path else "<boxes>/particles.star",
    *expand("<boxes>/{tomogram}", tomogram=boxes.folders),
]
