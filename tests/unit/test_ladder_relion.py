"""RELION's part of the ladder without RELION: a program of its name that knows the answers stands in for it."""

import stat
import sys
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from gradalign.errors import InputError
from gradalign.geometry.rotations import random_rotations, rotation_angle, rotation_from_euler
from gradalign.geometry.wedge import measured
from gradalign.io.star import Particles, write_particles
from gradalign.io.star_text import read_tables
from gradalign.ladder.observed import Observed
from gradalign.ladder.relion import Relion, read_stages, run_stages, write_inputs

BOX, COUNT = 16, 3
STAGES = Path(__file__).parents[2] / "workflow/config/relion_refine.txt"
# copies a prepared list for every iteration up to the number that it is told, and notes how it was called
STAND_IN = """#!{python}
import shutil, sys
from pathlib import Path
words = sys.argv[1:]
with open({calls!r}, "a") as file:
    file.write(" ".join(words) + "\\n")
if Path("refuse").exists():
    sys.exit(print("ERROR:\\nthe reference is square", file=sys.stderr) or 3)
out = words[words.index("--o") + 1]
for number in range(int(words[words.index("--iter") + 1]) + 1):
    shutil.copy(f"{answers}/{{'late' if number == 5 else 'early'}}.star", f"{{out}}_it{{number:03d}}_data.star")
"""


def poses():
    rng = np.random.default_rng(3)
    return random_rotations(rng, COUNT), rng.uniform(-2, 2, (COUNT, 3))


@pytest.fixture
def observed():
    rng = np.random.default_rng(4)
    fixed = [rng.normal(5.0, 3.0, (BOX,) * 3).astype(np.float32) for _ in range(COUNT)]
    return Observed(fixed, [fixed[0] + 100.0], (-40.0, 60.0), 90.0, 1.0, {}, [])


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Put a relion_refine on the PATH; return the file in which it notes its calls."""
    rotations, shifts = poses()
    # the last iteration turns all by two degrees, and lists come in any order
    turn = rotation_from_euler(2.0, 0.0, 0.0)
    for name, turned in (("early", rotations @ turn), ("late", rotations)):
        order = [2, 0, 1]
        images = [f"particle{number + 1:04d}.mrc" for number in order]
        write_particles(
            tmp_path / f"{name}.star", Particles(images, turned[order], shifts[order], 1.0, BOX, 300.0, 2.0)
        )
    program, calls = tmp_path / "relion_refine", tmp_path / "calls.txt"
    program.write_text(STAND_IN.format(python=sys.executable, calls=str(calls), answers=tmp_path))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return calls


def test_answers_come_in_the_order_of_the_particles_with_their_last_change(observed, stand_in):
    answers = list(Relion(STAGES).align(observed, 7, "C1"))
    for answer, rotation, shift in zip(answers, *poses(), strict=True):
        assert rotation_angle(answer.rotation.T @ rotation) < 1e-3
        assert np.allclose(answer.translation, shift, atol=1e-6)
        assert answer.last_change == pytest.approx(2.0, abs=1e-3)
        assert answer.cpu_seconds > 0


def test_each_stage_goes_on_from_the_one_before(observed, stand_in):
    list(Relion(STAGES).align(observed, 7, "C1"))
    first, second, third = stand_in.read_text().splitlines()
    assert first.startswith(
        "--i particles.star --ref reference.mrc --o Class3D/run --particle_diameter 120 --random_seed 7 --K 1"
    )
    assert second.startswith("--continue Class3D/run_it001_optimiser.star --o Class3D/run --iter 3")
    assert third.startswith("--continue Class3D/run_it003_optimiser.star --o Class3D/run --iter 5")


def test_what_relion_complains_of_is_the_message(observed, stand_in, tmp_path):
    (tmp_path / "refuse").touch()
    write_inputs(tmp_path, observed)
    with pytest.raises(InputError, match="relion_refine: stage 1 ended with code 3: the reference is square"):
        run_stages(tmp_path, read_stages(STAGES), observed, 1)


def test_the_inputs_are_what_relion_wants(observed, tmp_path):
    transfer = np.full((BOX,) * 3, 0.5, np.float32)
    write_inputs(tmp_path, observed._replace(told={"ctf": transfer}))
    table = read_tables(tmp_path / "particles.star")["particles"]
    assert table["rlnImageName"] == [f"particle{number + 1:04d}.mrc" for number in range(COUNT)]
    assert set(table["rlnCtfImage"]) == {"ctf.mrc"}
    axis = np.arange(BOX) - BOX // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    outside = np.sqrt(x**2 + y**2 + z**2) > BOX / 2 - 2
    volume = mrcfile.read(tmp_path / "particle0001.mrc")
    assert volume[outside].mean() == pytest.approx(0.0, abs=1e-4)
    assert volume[outside].std() == pytest.approx(1.0, abs=1e-4)
    assert np.median(mrcfile.read(tmp_path / "reference.mrc")[outside]) == pytest.approx(0.0, abs=1e-4)
    inside = measured(np.stack([x, y, z], axis=-1), (-40.0, 60.0))
    assert np.array_equal(mrcfile.read(tmp_path / "ctf.mrc"), 0.5 * inside)


def test_settings_that_are_no_stages_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_stages(tmp_path / "none.txt")
    (tmp_path / "one.txt").write_text("# nothing\n--iter 1\n")
    with pytest.raises(InputError, match="has 1 stages"):
        read_stages(tmp_path / "one.txt")
