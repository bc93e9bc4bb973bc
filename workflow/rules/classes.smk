# A user's own subtomograms sorted into classes without a reference, the half sets kept apart.

from gradalign.classes.opening import check_input, sample_sizes
from gradalign.particles.listing import check_owner
from gradalign.particles.sharing import particles_per_job
from gradalign.run.machine import check_names
from gradalign.study.configuration import name_after

sorted_section = config["classes"]
try:
    check_names()
    # a mistake in the STAR file is told before any job starts; list and volumes that changed without a newer date make
    # the results anew
    sorted_listing, boxes, sorted_digest = check_input(sorted_section, boxes_folder)
    sorted_picked = sorted_listing.picked
    if config["name"] == name_after(sorted_section["star"]):
        check_owner(f"results/{config['name']}/config.yaml", sorted_section["star"])
except InputError as error:
    sys.exit(str(error))

sorted_files = known_inputs([sorted_section["star"]])
if boxes:
    boxes_section = sorted_section

    include: "boxes.smk"

    sorted_section = boxes_section | {"star": os.path.relpath(boxes.star), "tomograms": "", "box": 0, "binning": 0}
    sorted_files += boxes_made


sorted_chunks = ranges(len(sorted_picked), particles_per_job(len(sorted_picked), sorted_section["per_job"]))
# all pairs of a half set's sample
sorted_pairs = [
    f"{half}~{chunk}"
    for half, size in enumerate(sample_sizes(sorted_picked, sorted_section), start=1)
    for chunk in ranges(size * (size - 1) // 2, sorted_section["pairs_per_job"])
]
# which choices change a result
sorted_choices = {
    key: value for key, value in sorted_section.items() if key not in ("rounds", "per_job", "pairs_per_job")
}


pathvars:
    last_sorting=f"<sortings>/{sorted_section['rounds']}",


wildcard_constraints:
    round="[1-9][0-9]*",
    half="[12]",
    some="[0-9]+-[0-9]+",


def sorted_state(wildcards):
    """Return the state that a round starts from."""
    return f"<sortings>/{int(wildcards.round) - 1}/state.npz"


def sorted_standings(wildcards):
    """Return the particles of a job as the round before left them."""
    return f"<sortings>/{int(wildcards.round) - 1}/particles~{wildcards.some}.csv"


def all_sorted(wildcards):
    """Return all particles as the round before left them."""
    return [f"<sortings>/{int(wildcards.round) - 1}/particles~{some}.csv" for some in sorted_chunks]


rule classes_start:
    input:
        files=sorted_files,
        sources=sources("classes_start.py"),
    output:
        entries=expand("<classes>/particles~{some}.csv", some=sorted_chunks),
        standings=expand("<sortings>/0/particles~{some}.csv", some=sorted_chunks),
        sample="<sample>/particles.csv",
        state="<sample>/state.npz",
    log:
        "<logs>/classes/start.log",
    benchmark:
        "<benchmarks>/classes/start.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        section=sorted_choices,
        alignment=config["alignment"],
        seed=config["seed"],
        chunks=sorted_chunks,
        digest=sorted_digest,
    script:
        "../scripts/classes_start.py"


rule classes_pairs:
    input:
        sample="<sample>/particles.csv",
        state="<sample>/state.npz",
        sources=sources("classes_pairs.py"),
    output:
        "<sample>/pairs~{half}~{some}.npz",
    log:
        "<logs>/classes/pairs~{half}~{some}.log",
    benchmark:
        "<benchmarks>/classes/pairs~{half}~{some}.tsv"
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        section=sorted_choices,
        alignment=config["alignment"],
    script:
        "../scripts/classes_pairs.py"


rule classes_found:
    input:
        sample="<sample>/particles.csv",
        state="<sample>/state.npz",
        pairs=expand("<sample>/pairs~{pairs}.npz", pairs=sorted_pairs),
        sources=sources("classes_found.py"),
    output:
        state="<sortings>/0/state.npz",
        matrices="<sample>/matrices.npz",
    log:
        "<logs>/classes/found.log",
    benchmark:
        "<benchmarks>/classes/found.tsv"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        section=sorted_choices,
        alignment=config["alignment"],
        seed=config["seed"],
    script:
        "../scripts/classes_found.py"


rule classes_sort:
    input:
        entries="<classes>/particles~{some}.csv",
        state=sorted_state,
        standings=sorted_standings,
        sources=sources("classes_sort.py"),
    output:
        standings="<sortings>/{round}/particles~{some}.csv",
        sums=temp("<sortings>/{round}/particles~{some}.npz"),
    log:
        "<logs>/classes/{round}/particles~{some}.log",
    benchmark:
        "<benchmarks>/classes/{round}/particles~{some}.tsv"
    resources:
        mem_mb=2000,
        runtime=480,
    params:
        section=sorted_choices,
        alignment=config["alignment"],
    script:
        "../scripts/classes_sort.py"


rule classes_round:
    input:
        entries=expand("<classes>/particles~{some}.csv", some=sorted_chunks),
        state=sorted_state,
        before=all_sorted,
        standings=expand("<sortings>/{{round}}/particles~{some}.csv", some=sorted_chunks),
        sums=expand("<sortings>/{{round}}/particles~{some}.npz", some=sorted_chunks),
        sources=sources("classes_round.py"),
    output:
        "<sortings>/{round}/state.npz",
    log:
        "<logs>/classes/{round}/round.log",
    benchmark:
        "<benchmarks>/classes/{round}/round.tsv"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        section=sorted_choices,
        alignment=config["alignment"],
        seed=config["seed"],
    script:
        "../scripts/classes_round.py"


rule classes_results:
    input:
        files=sorted_files,
        entries=expand("<classes>/particles~{some}.csv", some=sorted_chunks),
        state="<last_sorting>/state.npz",
        standings=expand("<last_sorting>/particles~{some}.csv", some=sorted_chunks),
        matrices="<sample>/matrices.npz",
        sources=sources("classes_results.py"),
    output:
        star="<classes>/classified.star",
        maps=directory("<classes>/maps"),
        classes="<classes>/classes.csv",
        particles="<classes>/particles.csv",
        rounds="<sortings>.csv",
        shells="<classes>/fsc.csv",
        matrix="<sample>.csv",
        summary="<classes>/summary.txt",
    log:
        "<logs>/classes/results.log",
    benchmark:
        "<benchmarks>/classes/results.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        section=sorted_choices,
        alignment=config["alignment"],
        digest=sorted_digest,
    script:
        "../scripts/classes_results.py"


rule classes_figure:
    input:
        state="<last_sorting>/state.npz",
        standings=expand("<last_sorting>/particles~{some}.csv", some=sorted_chunks),
        matrices="<sample>/matrices.npz",
        sources=sources("classes_figure.py"),
    output:
        svg="<classes>/classes.svg",
        png="<classes>/classes.png",
        each=directory("<classes>/figures"),
    log:
        "<logs>/classes/figure.log",
    benchmark:
        "<benchmarks>/classes/figure.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    script:
        "../scripts/classes_figure.py"


rule classes_page:
    input:
        **{name: rules.classes_results.output[name] for name in ("summary", "classes", "rounds", "particles", "maps")},
        figure=rules.classes_figure.output.svg,
        each=rules.classes_figure.output.each,
        templates=page_templates,
        sources=sources("classes_page.py"),
    output:
        "<classes>/report.html",
    log:
        "<logs>/classes/page.log",
    benchmark:
        "<benchmarks>/classes/page.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        # from functions: names of the user's files may hold braces
        title=lambda wildcards: config["name"],
        star=lambda wildcards: config["classes"]["star"],
    script:
        "../scripts/classes_page.py"


rule found_classes:
    input:
        rules.classes_results.output,
        rules.classes_figure.output,
        rules.classes_page.output,
