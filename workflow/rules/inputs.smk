# Which files a job takes, where its wildcards decide.


def pose_parts(wildcards):
    """Return the files with the poses of a data set's subtomograms."""
    return [
        f"<subtomograms>/{wildcards.dataset}/{condition}/poses.star"
        for condition in condition_folders[wildcards.dataset]
    ]


def scale_paths(dataset, tilts):
    """Return the files that fix the scale of the noise of an object at some tilt ranges."""
    return [f"<noise>/{dataset}/{tilt_folder.format(tilt=tilt)}.json" for tilt in dict.fromkeys(tilts)]


def alignment_parts(wildcards):
    """Return the files of a data set's alignments, by tilt range and signal-to-noise ratio."""
    return [
        f"<alignments>/{wildcards.dataset}/{condition}/pairs~{chunk}.csv"
        for condition in condition_folders[wildcards.dataset]
        for chunk in chunks(config["pairs"])
    ]


def aligner_objects(wildcards):
    """Return the data sets whose pairs count for another aligner."""
    return list(dict.fromkeys(each.object for each in aligner_conditions[wildcards.aligner]))


def map_inputs(wildcards):
    """Return the files that a complex's density map is made from."""
    if map_source["source"] == "bundled":
        return [os.path.join(bundled_maps, f"{wildcards.complex}.{kind}") for kind in ("mrc", "json")]
    if map_source["source"] == "directory":
        return [str(find_coordinates(wildcards.complex, map_source["directory"]))]
    return []


def ladder_part(rung):
    """Return the part of a path that names the job of a rung of the ladder."""
    return f"{rung.object}/{rung.condition}/{rung.task}/tilt~{number_text(rung.tilt)}"


def ladder_map(wildcards):
    """Return the density map of a job of the ladder."""
    fine = ladder_known[wildcards.under].fine
    return (
        os.path.join(bundled_maps, "fine", f"{wildcards.object}.mrc") if fine else f"<density>/{wildcards.object}.mrc"
    )


def ladder_counts(wildcards):
    """Return the signal-to-noise ratios of a job of the ladder, each with the alignments of every aligner."""
    part = f"{wildcards.object}/{wildcards.under}/{wildcards.task}/tilt~{wildcards.tilt}"
    return {rung.snr: counts for rung, counts in ladder.items() if ladder_part(rung) == part}
