import pytest

from gradalign.run.plan import START_S, Job, Plan, duration, earlier_seconds


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


def test_an_earlier_run_that_cannot_be_read_tells_nothing(tmp_path):
    assert earlier_seconds(tmp_path / "none.csv") == {}
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert earlier_seconds(tmp_path / "other.csv") == {}
    (tmp_path / "times.csv").write_text("rule,jobs,seconds\nalign,4,10\n")
    assert earlier_seconds(tmp_path / "times.csv") == {"align": 2.5}


@pytest.mark.parametrize(("seconds", "words"), [(3.2, "3 s"), (120.0, "2 min"), (30000.0, "8.3 h")])
def test_a_time_is_told_in_a_unit_that_fits(seconds, words):
    assert duration(seconds) == words
