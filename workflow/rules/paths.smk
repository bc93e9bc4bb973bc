# Where the files of a study lie. Rules name the variables in angle brackets; no other file spells these folders.


pathvars:
    results=f"results/{config['name']}",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",
    alignments="<results>/alignments",
    bounds="<results>/bounds",
    boxes="<results>/boxes",
    classes="<results>/classes",
    density="<results>/density",
    figures="<results>/figures",
    maps="<results>/maps",
    noise="<results>/noise",
    particles="<results>/particles",
    pictures="<results>/pictures",
    poses="<results>/poses",
    rounds="<particles>/rounds",
    sample="<classes>/sample",
    sortings="<classes>/rounds",
    subtomograms="<results>/subtomograms",
    tables="<results>/tables",
    # the tilt range, and with it the signal-to-noise ratio
    tilts=tilt_folder,
    condition=condition_folder,


def condition_path(tilt, snr):
    """Return the part of a path that names a tilt range and a signal-to-noise ratio."""
    return condition_folder.format(tilt=number_text(tilt), snr=number_text(snr))


def phantom_subtomograms(name, section):
    """Return a file of the phantom's subtomograms under the condition of a section of the configuration."""
    return f"<subtomograms>/phantom/{condition_path(section['tilt'], section['snr'])}/{name}"


# as scripts find it: a module's prefix is Snakemake's own for files of rules alone
boxes_folder = f"{workflow.modifier.path_modifier.prefix or ''}results/{config['name']}/boxes"
