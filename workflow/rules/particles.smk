# A user's own subtomograms: aligned to a reference and averaged in rounds, the half sets kept apart.

from gradalign.particles.boxes import check_input
from gradalign.particles.listing import check_owner
from gradalign.particles.memory import chunk_memory_mb
from gradalign.particles.sharing import FEW, list_memory_mb, particles_per_job, read_summary, summary_of, write_summary
from gradalign.run.machine import check_names
from gradalign.study.configuration import name_after

picked_section = config["particles"]
picked_record = f".snakemake/gradalign/{config['name']}.json"
# a job of a cluster reads the workflow anew, and need not read a list of a million particles for it
picked, boxes = None if workflow.is_main_process or picked_section["box"] else read_summary(picked_record), None
try:
    check_names()
    if picked is None:
        # a mistake in the STAR file is told before any job starts; list and volumes that changed without a newer date
        # make the results anew
        picked, boxes = summary_of(*check_input(picked_section, boxes_folder))
        write_summary(picked_record, picked)
    if config["name"] == name_after(picked_section["star"]):
        check_owner(f"results/{config['name']}/config.yaml", picked_section["star"])
except InputError as error:
    sys.exit(str(error))

picked_chunks = ranges(picked.count, particles_per_job(picked.count, picked_section["per_job"]))
picked_list_mb = list_memory_mb(picked.count)
# beside aligned.star, in the form in which the list was given
picked_forms = {"set": "<particles>/optimisation_set.star"} if picked.with_set else {}
if picked.ending:
    picked_forms = {"motives": f"<particles>/aligned{picked.ending}"}
picked_title = os.path.basename(picked_section["star"])
# a mask is a file or a word
picked_files = [picked_section["star"], picked_section["reference"]]
picked_files += [picked_section["mask"]] if picked_section["mask"] not in ("sphere", "none") else []
if boxes:
    boxes_section = picked_section

    include: "boxes.smk"

    picked_section = boxes_section | {"star": os.path.relpath(boxes.star), "tomograms": "", "box": 0, "binning": 0}


picked_files = known_inputs(picked_files) + (boxes_made if boxes else [])
# which choices change what a round does; how many rounds there are does not
picked_choices = {key: value for key, value in picked_section.items() if key not in ("rounds", "per_job")}


pathvars:
    last_round=f"<rounds>/{picked_section['rounds']}",


wildcard_constraints:
    round="[1-9][0-9]*",
    picked="[0-9]+-[0-9]+",


def picked_state(wildcards):
    """Return the state that a round starts from."""
    return f"<rounds>/{int(wildcards.round) - 1}/state.npz"


def picked_entries(wildcards):
    """Return the particles of a job as the round before left them."""
    return f"<rounds>/{int(wildcards.round) - 1}/particles~{wildcards.picked}.csv"


rule particles_start:
    input:
        files=picked_files,
        sources=sources("particles_start.py"),
    output:
        entries=expand("<rounds>/0/particles~{picked}.csv", picked=picked_chunks),
        state="<rounds>/0/state.npz",
    log:
        "<logs>/particles/start.log",
    benchmark:
        "<benchmarks>/particles/start.tsv"
    resources:
        mem_mb=picked_list_mb,
        runtime=60,
    params:
        section=picked_choices,
        alignment=config["alignment"],
        seed=config["seed"],
        chunks=picked_chunks,
        digest=picked.digest,
    script:
        "../scripts/particles_start.py"


# one job for all rounds of few particles: to start a job for each would cost more than what it does
if len(picked_chunks) == 1 and picked.count <= FEW:

    rule particles_rounds:
        input:
            state="<rounds>/0/state.npz",
            entries=f"<rounds>/0/particles~{picked_chunks[0]}.csv",
            sources=sources("particles_rounds.py"),
        output:
            state="<last_round>/state.npz",
            entries=f"<last_round>/particles~{picked_chunks[0]}.csv",
        log:
            "<logs>/particles/rounds.log",
        benchmark:
            "<benchmarks>/particles/rounds.tsv"
        resources:
            mem_mb=lambda wildcards, input: chunk_memory_mb(input.state, finest=True),
            runtime=480,
        params:
            rounds=picked_section["rounds"],
            section=picked_choices,
            alignment=config["alignment"],
            seed=config["seed"],
        script:
            "../scripts/particles_rounds.py"

else:

    rule particles_align:
        input:
            state=picked_state,
            entries=picked_entries,
            sources=sources("particles_align.py"),
        output:
            entries="<rounds>/{round}/particles~{picked}.csv",
            sums=temp("<rounds>/{round}/particles~{picked}.npz"),
        log:
            "<logs>/particles/{round}/particles~{picked}.log",
        benchmark:
            "<benchmarks>/particles/{round}/particles~{picked}.tsv"
        resources:
            mem_mb=lambda wildcards, input: chunk_memory_mb(input.state),
            runtime=480,
        params:
            section=picked_choices,
            alignment=config["alignment"],
            seed=config["seed"],
        script:
            "../scripts/particles_align.py"

    rule particles_round:
        input:
            state=picked_state,
            entries=expand("<rounds>/{{round}}/particles~{picked}.csv", picked=picked_chunks),
            sums=expand("<rounds>/{{round}}/particles~{picked}.npz", picked=picked_chunks),
            sources=sources("particles_round.py"),
        output:
            state="<rounds>/{round}/state.npz",
        log:
            "<logs>/particles/{round}/round.log",
        benchmark:
            "<benchmarks>/particles/{round}/round.tsv"
        resources:
            mem_mb=picked_list_mb,
            runtime=60,
        params:
            section=picked_choices,
        script:
            "../scripts/particles_round.py"


rule particles_results:
    input:
        files=picked_files,
        state="<last_round>/state.npz",
        entries=expand("<last_round>/particles~{picked}.csv", picked=picked_chunks),
        sources=sources("particles_results.py"),
    output:
        **picked_forms,
        star="<particles>/aligned.star",
        average="<particles>/average.mrc",
        half1="<particles>/average_half1.mrc",
        half2="<particles>/average_half2.mrc",
        filtered="<particles>/average_filtered.mrc",
        mask="<particles>/mask.mrc",
        chimerax="<particles>/average.cxc",
        scores="<particles>/scores.csv",
        left_out="<particles>/left_out.csv",
        rounds="<particles>/rounds.csv",
        shells="<particles>/fsc.csv",
        summary="<particles>/summary.txt",
        page=report(
            "<particles>/particles.html",
            caption="../report/particles_page.rst",
            category=report_categories["particles"],
            labels={"": "Rounds and what was left out"},
        ),
    log:
        "<logs>/particles/results.log",
    benchmark:
        "<benchmarks>/particles/results.tsv"
    resources:
        mem_mb=picked_list_mb,
        runtime=60,
    params:
        section=picked_choices,
        seed=config["seed"],
        digest=picked.digest,
    script:
        "../scripts/particles_results.py"


# figure and page in one job: half of what either takes is its start
rule particles_page:
    input:
        **{
            name: rules.particles_results.output[name]
            for name in ("summary", "rounds", "shells", "scores", "left_out", "star", "filtered", "half1", "half2")
        },
        state="<last_round>/state.npz",
        entries=expand("<last_round>/particles~{picked}.csv", picked=picked_chunks),
        templates=page_templates,
        sources=sources("particles_page.py"),
    output:
        page="<particles>/report.html",
        figure=report(
            "<particles>/particles.svg",
            caption="../report/particles_figure.rst",
            category=report_categories["particles"],
            labels={"": "Half maps, orientations, scores"},
        ),
        png="<particles>/particles.png",
    log:
        "<logs>/particles/page.log",
    benchmark:
        "<benchmarks>/particles/page.tsv"
    resources:
        mem_mb=picked_list_mb,
        runtime=60,
    params:
        # from functions: names of the user's files may hold braces
        title=lambda wildcards: picked_title,
        reference=lambda wildcards: picked_section["reference"],
        digest=picked.digest,
    script:
        "../scripts/particles_page.py"


rule particles:
    input:
        rules.particles_results.output,
        rules.particles_page.output,
