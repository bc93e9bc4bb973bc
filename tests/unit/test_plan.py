import pytest

from gradalign.run.plan import COMPILING_S, START_S, Job, Plan, duration, earlier_seconds


def jobs(rule, sizes, first=0):
    return [Job(first + k, rule, {"chunk": f"0-{size - 1}"}) for k, size in enumerate(sizes)]


def test_the_size_of_a_job_is_that_of_its_range():
    assert Job(0, "align", {"tilt": "60", "chunk": "100-149"}).size == 50
    assert Job(0, "figure1", {}).size == 1
    assert Job(0, "scans", {"a": "0-9", "b": "0-4"}).size == 50


def test_a_plan_without_an_earlier_run_takes_the_sizes_of_the_jobs():
    small, large = Plan(jobs("align", [10])), Plan(jobs("align", [1000]))
    assert large.left(0) > 10 * small.left(0)


def test_what_an_earlier_run_took_is_scaled_to_the_size():
    plan = Plan(jobs("align", [10]), {"align": 101.0}, size=100)
    assert plan.left(0) == pytest.approx(START_S + 10)


def test_jobs_side_by_side_take_half_as_long_but_no_less_than_the_longest():
    earlier = {"align": 101.0}
    assert Plan(jobs("align", [100] * 4), earlier, 100, cores=2).left(0) == pytest.approx(202)
    assert Plan(jobs("align", [100, 10]), earlier, 100, cores=2).left(0) == pytest.approx(101)


def test_jobs_that_end_correct_the_guess_for_their_rule_and_not_for_another():
    plan = Plan(
        [*jobs("align", [100] * 10), *jobs("simulate", [100] * 10, first=10)], {"align": 11, "simulate": 11}, 100
    )
    now = 0.0
    for number in range(9):
        plan.start(number, now)
        now += 110.0
        plan.finish(number, now)
    left = plan.left(now)
    # one of align at ten times the guess; those of simulate at no more, for the machine seems to be slow
    assert 110 + 110 < left < 110 + 10 * 110
    for number in range(10, 19):
        plan.start(number, now)
        now += 11.0
        plan.finish(number, now)
    assert plan.left(now) == pytest.approx(110 + 11, rel=0.2)


def test_one_short_job_that_took_long_does_not_set_the_time_of_all():
    plan = Plan([Job(99, "configuration", {}), *jobs("align", [100] * 20)], {"align": 50.0}, 100)
    before = plan.left(0)
    plan.start(99, 0.0)
    plan.finish(99, 10.0)
    assert plan.left(10.0) < 1.2 * before


def test_a_job_that_runs_counts_as_far_as_it_has_come():
    plan = Plan(jobs("align", [100]), {"align": 101.0}, 100)
    plan.start(0, 5.0)
    assert plan.left(55.0) == pytest.approx(51)
    assert plan.percent(55.0) == 49
    # over its time it is not yet done
    assert plan.left(5000.0) > 0
    assert plan.percent(5000.0) < 100


def test_the_percentage_never_falls_and_ends_at_100():
    plan = Plan(jobs("align", [100] * 5), {"align": 11.0}, 100)
    seen, now = [], 0.0
    for number, taken in enumerate([1.0, 100.0, 1.0, 300.0, 1.0]):
        plan.start(number, now)
        now += taken
        plan.finish(number, now)
        seen.append(plan.percent(now))
    assert seen == sorted(seen)
    assert (seen[-1], plan.left(now), plan.finished) == (100, 0.0, 5)
    assert seen[-2] < 100


def test_a_job_that_was_not_planned_is_taken_up_once():
    plan = Plan(jobs("align", [10]))
    plan.add(Job(7, "late", {}))
    plan.add(Job(7, "late", {}))
    assert len(plan.jobs) == 2


def test_a_job_that_only_gathers_files_takes_no_time_and_does_not_count():
    plan = Plan([Job(0, "all", {}, works=False), Job(1, "figure1", {})], {"all": 1000.0})
    assert plan.left(0) == START_S
    plan.finish(1, 5.0)
    assert (plan.percent(5.0), plan.finished) == (100, 1)
    plan.finish(0, 5.0)
    assert plan.finished == 1


def test_once_a_round_had_nothing_to_do_the_rounds_that_follow_are_expected_to_have_nothing_either():
    plan = Plan([Job(k, "round", {"round": str(k)}) for k in range(10)], {"round": 100.0})
    now = 0.0
    for number in range(3):
        plan.start(number, now)
        now += 100.0
        plan.finish(number, now)
    assert plan.left(now) > 600
    plan.start(3, now)
    plan.finish(3, now + 1.0, idle=True)
    assert plan.left(now + 1.0) == pytest.approx(6)
    assert plan.percent(now + 1.0) >= 97


# (rule, wildcards, seconds at which it started and ended) of runs on a machine that others used as well
PARTICLES = [
    ("configuration", {}, 0.0, 3.6),
    ("particles_start", {}, 3.6, 36.3),
    ("particles_rounds", {"particles": "0-39"}, 36.3, 46.6),
    ("particles_results", {}, 46.6, 57.5),
    ("particles_page", {}, 57.5, 65.1),
]
CLASSES = [
    ("classes_start", {}, 0.0, 3.8),
    ("classes_pairs", {"half": "1", "some": "0-189"}, 3.8, 16.8),
    ("classes_pairs", {"half": "2", "some": "0-189"}, 3.8, 17.1),
    ("classes_found", {}, 17.1, 30.8),
]
ENDS = [36.3, 39.8, 45.4, 48.8, 53.9, 63.9, 67.9, 70.5, 74.8, 78.1, 83.1, 85.9, *(88.9 + 2 * k for k in range(12))]
for place, (start, end) in enumerate(zip([30.8, *ENDS], ENDS, strict=False)):
    round_number = {"round": str(place // 2 + 1)}
    CLASSES.append(
        ("classes_round", round_number, start, end)
        if place % 2
        else ("classes_sort", round_number | {"some": "0-39"}, start, end)
    )
CLASSES += [
    ("classes_results", {}, 110.9, 118.0),
    ("classes_figure", {}, 110.9, 122.8),
    ("classes_page", {}, 122.8, 132.0),
]


@pytest.mark.parametrize(("run", "compiling"), [(PARTICLES, "particles_start"), (CLASSES, "")])
def test_the_first_time_that_is_told_is_right_within_a_factor_of_two(run, compiling):
    # each job waits for those that had ended when it started
    ended = [[n for n, other in enumerate(run) if other[3] <= one[2]][-2:] for one in run]
    jobs = [Job(n, one[0], one[1], after=tuple(ended[n])) for n, one in enumerate(run)]
    plan = Plan(jobs, cores=2, compiling=compiling)
    assert not plan.grounded
    told = []
    for number, (rule, _, start, end) in sorted(enumerate(run), key=lambda one: one[1][3]):
        plan.start(number, start)
        plan.finish(number, end, idle=rule in ("classes_sort", "classes_round") and start > 86)
        if plan.grounded and end < run[-1][3]:
            told.append(plan.left(end) / (run[-1][3] - end))
    assert len(told) > 2
    assert 0.5 <= told[0] <= 2


def test_nothing_is_told_before_this_machine_is_known():
    plan = Plan([Job(0, "configuration", {}), *jobs("align", [100] * 20, first=1)], {"align": 11.0}, 100)
    plan.start(0, 0.0)
    plan.finish(0, 5.0)
    assert not plan.grounded
    plan.start(1, 5.0)
    plan.finish(1, 20.0)
    assert plan.grounded
    # of a long run half a minute is enough
    long = Plan(jobs("align", [100] * 1000), {"align": 31.0}, 100)
    assert not long.grounded
    long.finish(0, 0.0)
    assert long.grounded


def test_jobs_that_wait_for_each_other_take_as_long_as_all_of_them():
    chain = [Job(n, "round", {}, after=(n - 1,) if n else ()) for n in range(4)]
    assert Plan(chain, {"round": 10.0}, cores=2).left(0) == pytest.approx(40)
    plan = Plan([*chain, *(Job(n, "round", {}) for n in range(4, 14))], {"round": 10.0}, cores=2)
    assert plan.left(0) == pytest.approx(70)


def test_a_job_that_waits_for_one_outside_the_plan_can_start_at_once():
    assert Plan([Job(1, "round", {}, after=(0,))], {"round": 10.0}).left(0) == pytest.approx(10)


def test_kernels_that_have_to_be_compiled_count():
    job = Job(0, "kernels", {})
    assert Plan([job], {"kernels": 1.0}, compiling="kernels").left(0) > COMPILING_S
    assert Plan([job], {"kernels": 1.0}).left(0) == pytest.approx(START_S)


def test_an_earlier_run_that_cannot_be_read_tells_nothing(tmp_path):
    assert earlier_seconds(tmp_path / "none.csv") == {}
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert earlier_seconds(tmp_path / "other.csv") == {}
    (tmp_path / "times.csv").write_text("rule,jobs,seconds\nalign,4,10\n")
    assert earlier_seconds(tmp_path / "times.csv") == {"align": 2.5}


@pytest.mark.parametrize(("seconds", "words"), [(3.2, "3 s"), (120.0, "2 min"), (30000.0, "8.3 h")])
def test_a_time_is_told_in_a_unit_that_fits(seconds, words):
    assert duration(seconds) == words
