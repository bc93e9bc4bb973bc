PYTHONS := python3.11 python3.12 python3.13 python3.14 python3
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))

# of the study in CONFIG, else of config.yaml; told at once if there is no such file
FOUND = $(if $(CONFIG),$(if $(wildcard $(CONFIG)),,$(error $(CONFIG): there is no such file, where a configuration is needed)))
LAID_OVER = $(FOUND)$(if $(CONFIG),--configfile $(CONFIG))
STUDY = $(FOUND)results/$(firstword $(shell sed -n "s/^name: *[\"']\?\([A-Za-z0-9._-]*\).*/\1/p" $(CONFIG) config.yaml))

# what can be made anew from the files of a reference: the rules of these topics, and the phantom
DRAWN = phantom_density $(shell sed -n 's/^rule \(.*\):$$/\1/p' $(patsubst %,workflow/rules/%.smk,tables figures verdicts))

.PHONY: help reproduce quick report example particles classes test test-faults test-slurm test-relion check compare figures reference docs \
	bench bench-classes bench-lists ladder robust lock audit

help: ## this list; every target sets up .venv first if it needs that
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

reproduce: report ## the study of config.yaml, a quarter to a third of an hour on two cores

quick: .venv/complete ## the same with few pairs, about two minutes
	@$(MAKE) --no-print-directory report CONFIG=workflow/config/quick.yaml

report: .venv/complete ## the study of CONFIG=file.yaml with its report, results/<name>/report.html
	@.venv/bin/python workflow/scripts/release_lock.py $(LAID_OVER)
	@.venv/bin/snakemake --cores all $(LAID_OVER) --report $(STUDY)/appendix.html --report-after-run

# as they were typed, whatever signs they hold
QUOTED = --$(1)='$(subst ','\'',$(value $(2)))'
OWN = .venv/bin/python workflow/scripts/own_subtomograms.py
particles: .venv/complete ## your own subtomograms: STAR=run.star REFERENCE=ref.mrc (NAME=run), or CONFIG=file.yaml
	@$(OWN) particles $(call QUOTED,star,STAR) $(call QUOTED,reference,REFERENCE) $(call QUOTED,config,CONFIG) \
		$(call QUOTED,name,NAME)

classes: .venv/complete ## your own subtomograms without a reference: STAR=run.star (NAME=run), or CONFIG=file.yaml
	@$(OWN) classes $(call QUOTED,star,STAR) $(call QUOTED,config,CONFIG) $(call QUOTED,name,NAME)

example: .venv/complete ## 40 simulated subtomograms with list, reference and truth, into example/
	@.venv/bin/gradalign simulate example

# acryo takes part where it is installed: docs/ladder.md
ladder: .venv/complete ## the ladder beyond the paper, results/<name>/tables/ladder.csv
	@.venv/bin/python workflow/scripts/release_lock.py $(LAID_OVER)
	@OMP_NUM_THREADS=1 .venv/bin/snakemake --cores all --keep-going $(LAID_OVER) -- ladder

robust: .venv/complete ## the scores on other people's volumes, docs/robust_alignment.csv (ROWS="...": some)
	OMP_NUM_THREADS=1 .venv/bin/python workflow/scripts/robust.py $(if $(ROWS),--rows $(ROWS))
	$(if $(ROWS),,OMP_NUM_THREADS=1 .venv/bin/python workflow/scripts/true_masks.py)

compare: .venv/complete ## results/<name> against results/reference: exit code 0 if they agree
	.venv/bin/python workflow/scripts/compare.py $(STUDY)

figures: .venv/complete ## tables and figures from results/reference, into results/redrawn
	.venv/bin/python workflow/scripts/unpack_reference.py results/redrawn
	.venv/bin/snakemake --cores all --configfile results/redrawn/config.yaml --config name=redrawn \
		--forceall --allowed-rules $(DRAWN) -- tables figures verdicts

reference: .venv/complete ## keep results/<name> as results/reference
	.venv/bin/python workflow/scripts/store_reference.py $(STUDY)

docs: .venv/complete ## docs/results.md and the tables of the other notes, from results/reference
	.venv/bin/python workflow/scripts/write_docs.py

test: .venv/complete ## the tests, on all cores
	OMP_NUM_THREADS=1 .venv/bin/python -m pytest --numprocesses logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder

test-faults: .venv/complete ## the tiny study under kills, full disks, damage; half an hour
	.venv/bin/python -m pytest -m faults

test-slurm: .venv/slurm ## the tiny study through sbatch, on a cluster that is started here; as root
	command -v sbatch slurmctld slurmd munged > /dev/null || \
		(apt-get update && apt-get install --yes --no-install-recommends slurm-wlm munge)
	.venv/bin/python -m pytest -m slurm

test-relion: .venv/complete ## RELION's own programs (Debian's package) on what is written; as root
	command -v relion_refine > /dev/null || (apt-get update && apt-get install --yes --no-install-recommends relion) || true
	.venv/bin/python -m pytest -m relion -rs

check: .venv/complete ## style of code and workflow, and who imports whom
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	.venv/bin/python .ci/lint
	.venv/bin/lint-imports --no-cache

# the quick study first: its benchmark files tell the memory of each kind of job
bench: quick ## speed, accuracy, growth and memory; on an idle machine (REPEATS=3: rougher)
	OMP_NUM_THREADS=1 .venv/bin/python workflow/scripts/benchmark.py $(REPEATS)

bench-classes: .venv/complete ## classes of known mixtures, into docs/classes.csv (SEEDS=2012 CASES="junk rare")
	OMP_NUM_THREADS=1 .venv/bin/python workflow/scripts/bench_classes.py $(SEEDS) $(CASES)

bench-lists: .venv/complete ## a list of COUNT=1000000 particles, into docs/long_lists.csv (PER_FILE=1000)
	OMP_NUM_THREADS=1 .venv/bin/python workflow/scripts/bench_long_lists.py $(or $(COUNT),1000000) $(or $(PER_FILE),1000)

# made anew when the lock changes; half of an environment is never taken for a whole one
.venv/complete: envs/requirements.lock
	@case "$$PWD" in *[[:space:]\'\"\`\$$\&\;\|\<\>\(\)\{\}\[\]\*\?\!\#\~\\]*) \
		echo "$$PWD: Snakemake cannot run from a path with blanks, quotes or brackets; move this folder." >&2; exit 1;; esac
	@if [ -L .venv ]; then \
		echo "$$PWD/.venv is a link: making it anew would empty the folder that it leads to; remove the link." >&2; exit 1; fi
	@for python in $(PYTHONS); do \
		if $$python -c "$(FITS)" 2> /dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "No Python from 3.11 to 3.14 was found on the PATH: install one with its venv module." >&2; exit 1; \
	fi; \
	echo "Making .venv with $$found."; $$found -m venv --clear .venv
	@.venv/bin/python envs/install.py envs/requirements.lock
	@.venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Snakemake's plug-ins for clusters, see profiles/README.md
.venv/slurm: envs/slurm.lock .venv/complete
	@.venv/bin/python envs/install.py envs/slurm.lock --no-deps
	@touch $@

# uv, which is not part of the environment, resolves for all platforms and Pythons and writes hashes, no addresses
lock: ## renew envs/*.lock from envs/*.in
	python3 -m venv build/lock
	build/lock/bin/pip install --quiet uv
	build/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
		--output-file envs/requirements.lock envs/requirements.in
	build/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-deps \
		--constraint envs/requirements.lock --output-file envs/slurm.lock envs/slurm.in

# a package that cannot be looked up counts as a failure
audit: ## known vulnerabilities of what envs/*.lock pin
	python3 -m venv build/audit
	build/audit/bin/pip install --quiet pip-audit
	build/audit/bin/pip-audit --strict --disable-pip --require-hashes \
		--requirement envs/requirements.lock --requirement envs/slurm.lock
