import numpy as np
import pytest

from gradalign import InputError, Settings, align_all_pairs, align_pair, align_to_reference
from gradalign.base import jit
from gradalign.geometry.rotations import rotation_angle, rotation_from_euler
from gradalign.simulation.phantom import phantom

F, G = phantom(24, 32, rotation_from_euler(20, 30, 40)), phantom(24, 32)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"settings": {}}, "settings: is {}, where a gradalign.Settings is needed"),
        ({"voxel_size": None}, "voxel_size: is None"),
        ({"voxel_size": 0.0}, "voxel_size: is 0"),
        ({"voxel_size": np.full((3, 3), 1.15)}, "voxel_size: is array([[1.15, 1.15, 1.15], [1.15"),
        ({"voxel_size": 10.0}, "5.3 nm is beyond Nyquist's limit of 20 nm: give at least that, and voxel_size in nm"),
        ({"voxel_size": 10.0, "score": "likelihood"}, "beyond Nyquist's limit of 20 nm"),
        ({"low_pass": -1.0}, "low_pass: is -1.0"),
        ({"low_pass": 16.0}, "low_pass: 16 nm leaves 16 coefficients of a box of 32 nm, where at least 20 are needed"),
        ({"low_pass": 16.0, "score": "likelihood"}, "low_pass: 16 nm leaves 16 coefficients"),
        ({"settings": Settings(low_pass=0.0), "score": "likelihood"}, "low_pass: is 0 nm"),
        ({"seed": -1}, "seed: is -1"),
        ({"settings": Settings(rounds=()), "score": "likelihood"}, "rounds is empty"),
        ({"settings": Settings(start_reach=40.0)}, "start_reach: is 40 nm, where less than half of the box, 16 nm"),
        ({"surface_f": 2 * np.eye(3), "surface_g": np.eye(3)}, "surface_f: is no rotation"),
        ({"surface_f": np.eye(3), "surface_g": np.diag([1.0, 1.0, -1.0])}, "surface_g: is no rotation"),
        ({"mask": "sphere"}, "mask: is 'sphere'"),
        ({"mask": 40.0}, "mask: is 40.0, where a radius of 1 to 16 voxels"),
        ({"mask": (8.0, (0, 0, 30))}, "a centre within the box"),
        ({"mask": np.ones((8, 8, 8))}, "mask: has the shape"),
        ({"mask": 3 * np.ones((32, 32, 32))}, "mask: reaches from 3 to 3"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(asked, answer):
    with pytest.raises(InputError) as caught:
        align_pair(F, G, **{"tilt_f": 90, "tilt_g": 90} | asked)
    assert answer in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("score", ["rcs", "likelihood"])
def test_coarse_voxels_draw_the_band_limit_after_them_and_say_so(score):
    with pytest.warns(
        UserWarning, match="voxels of 3 nm hold nothing finer than 6 nm: the band limit is 6.6 nm"
    ) as said:
        found = align_pair(F, G, tilt_f=90, tilt_g=90, voxel_size=3.0, score=score)
    assert said[0].filename == __file__
    assert rotation_angle(found.rotation.T @ rotation_from_euler(20, 30, 40)) < 1.0


def test_the_likelihood_takes_the_band_limit_of_the_settings():
    low = align_pair(F, G, tilt_f=90, tilt_g=90, score="likelihood", settings=Settings(low_pass=6.0))
    asked = align_pair(F, G, tilt_f=90, tilt_g=90, score="likelihood", low_pass=6.0)
    plain = align_pair(F, G, tilt_f=90, tilt_g=90, score="likelihood")
    assert low.dissimilarity == asked.dissimilarity != plain.dissimilarity


@pytest.mark.parametrize("score", ["rcs", "fcs", "likelihood"])
def test_boxes_of_two_sizes_are_refused_by_each_score(score):
    with pytest.raises(InputError, match="g: is a cube of 30 voxels, where f has 32"):
        align_pair(F, G[1:31, 1:31, 1:31], score=score)


@pytest.mark.parametrize("score", ["rcs", "likelihood"])
def test_a_volume_that_cannot_be_used_costs_itself_alone(score):
    bad = [F, np.zeros((32, 32, 32)), np.full((32, 32, 32), np.nan), G[1:31, 1:31, 1:31], F]
    with pytest.warns(UserWarning) as caught:
        found = align_to_reference(bad, G, tilts=90, score=score)
    assert [answer is None for answer in found] == [False, True, True, True, False]
    said = [str(warning.message) for warning in caught if "it is left out" in str(warning.message)]
    assert [text.split(":")[0] for text in said] == ["volume 1", "volume 2", "volume 3"]
    assert {warning.filename for warning in caught} == {__file__}
    assert rotation_angle(found[4].rotation.T @ rotation_from_euler(20, 30, 40)) < 1.0


def test_pairs_with_a_volume_that_cannot_be_used_are_missing():
    with pytest.warns(UserWarning, match="volume 1: is constant.*it is left out"):
        found = align_all_pairs([F, np.zeros((32, 32, 32)), G], tilts=90)
    assert list(found) == [(0, 2)]


def test_a_set_of_which_nothing_can_be_used_is_refused():
    with pytest.raises(InputError, match="at least one usable volume"), pytest.warns(UserWarning):
        align_to_reference([np.zeros((32, 32, 32))], G)


@pytest.mark.parametrize("score", ["rcs", "fcs", "likelihood"])
@pytest.mark.parametrize("factor", [1e20, 1e-25])
def test_densities_of_any_size_are_aligned(score, factor):
    found = align_pair(factor * F.astype(float), factor * G.astype(float), tilt_f=90, tilt_g=90, score=score)
    assert rotation_angle(found.rotation.T @ rotation_from_euler(20, 30, 40)) < 1.0


def test_an_alignment_is_shown_in_three_lines():
    text = repr(align_pair(F, G, tilt_f=90, tilt_g=90))
    assert len(text.splitlines()) == 3
    assert text.startswith("Alignment: d = ")


def test_a_first_call_says_once_that_it_compiles(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(jit, "_FOLDER", tmp_path)
    jit.say_if_compiling.cache_clear()
    jit.say_if_compiling()
    jit.say_if_compiling()
    assert capsys.readouterr().err.count("compiling") == 1
    jit.say_if_compiling.cache_clear()
    (tmp_path / "kernel.nbi").touch()
    jit.say_if_compiling()
    assert not capsys.readouterr().err
