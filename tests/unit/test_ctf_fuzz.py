"""Mangled CTF volumes, from Python and by the command's options: one sentence, or a transfer that can be used."""

import json

import mrcfile
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mangling import mangled_bytes, mangling
from picked_files import BOX
from test_picked_ctf import ctf_volume, write_particles

from gradalign.cli.main import main
from gradalign.errors import InputError
from gradalign.fourier.transfer import DATA, read_transfer
from gradalign.io import volume_file
from gradalign.io.ctf_volume import from_stored

FEW = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEWER = settings(FEW, max_examples=25)
data_kinds = st.sampled_from([None, *DATA])


def forms():
    """Return a CTF volume in each form in which programs store it."""
    half = ctf_volume(6.0).astype(np.float32)
    whole = np.concatenate([half, np.flip(np.roll(half, -1, (0, 1)), (0, 1, 2))[:, :, 1:-1]], axis=2)
    return {
        "cube": np.fft.fftshift(whole).astype(np.float32),
        "half": half,
        "squared": np.concatenate([half**2, (half != 0).astype(np.float32)]),
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two particles with their list, and the bytes of a CTF volume in each form."""
    folder = tmp_path_factory.mktemp("files")
    write_particles(folder, "unflipped", count=2)
    stored = {}
    for name, volume in forms().items():
        with mrcfile.new(folder / f"{name}.mrc") as mrc:
            mrc.set_data(volume)
            mrc.voxel_size = 12.5
        stored[name] = (folder / f"{name}.mrc").read_bytes()
    return folder, stored


mangled = st.fixed_dictionaries(
    {
        "form": st.sampled_from(["cube", "half", "squared"]),
        "changes": mangling(31000),
        "cut": st.one_of(st.none(), st.integers(0, 60000)),
    }
)


def write_mangled(path, stored, form, changes, cut):
    path.write_bytes(mangled_bytes(stored[form], changes, cut))
    return path


def test_the_forms_say_the_same():
    heights = {name: from_stored(volume, name).heights for name, volume in forms().items()}
    assert np.allclose(heights["cube"], heights["half"], atol=1e-6)
    assert np.allclose(heights["squared"], heights["half"] ** 2, atol=1e-6)


def test_a_height_whose_square_is_no_number_is_refused():
    cube = forms()["cube"].copy()
    cube[3, 4, 5] = 7e19
    with pytest.raises(InputError, match=r"ctf.mrc: is no CTF volume, it holds the number 7e\+19"):
        from_stored(cube, "ctf.mrc")


@FEW
@given(how=mangled, data=data_kinds)
def test_a_mangled_ctf_volume_is_one_sentence_or_a_transfer_of_finite_numbers(files, tmp_path, how, data):
    path = write_mangled(tmp_path / "ctf.mrc", files[1], **how)
    try:
        transfer = read_transfer(volume_file.read(path)[0], data, BOX, path)
    except InputError as error:
        assert "ctf.mrc" in str(error)
        assert "\n" not in str(error)
        return
    for each in transfer[:4]:
        assert each.shape == (BOX, BOX, BOX // 2 + 1)
        assert np.isfinite(each).all()
    assert (transfer.amplitude >= 0).all() and (transfer.noise >= 0).all()
    assert transfer.premultiplied == (data == "premultiplied" or how["form"] == "squared")


def said_well(result):
    """Assert that a command ended with an answer, or with one sentence and without a traceback; return whether."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    if result.exit_code == 0:
        return True
    assert result.exit_code == 1
    # below the name of what was in progress
    *before, said = result.stderr.splitlines()
    assert said.startswith("gradalign ") and before in ([], ["Averaging 2 subtomograms"])
    return False


@FEWER
@given(how=mangled, data=data_kinds, whose=st.sampled_from(["--ctf-f", "--ctf-g"]))
def test_the_commands_ctf_options_take_what_they_can_use_and_refuse_the_rest(files, tmp_path, how, data, whose):
    path = write_mangled(tmp_path / "ctf.mrc", files[1], **how)
    volumes = [str(files[0] / f"particle{number}.mrc") for number in (1, 2)]
    words = ["align", *volumes, whose, str(path), "--low-pass", "60", "--json"]
    result = CliRunner().invoke(main, [*words, *(["--ctf-data", data] if data else [])])
    if said_well(result):
        found = json.loads(result.stdout)
        assert np.isfinite(found["rotation"]).all() and np.isfinite(found["translation_voxel"]).all()


@FEWER
@given(how=mangled, choice=st.sampled_from(["auto", "none", *DATA]))
def test_an_average_of_particles_with_a_mangled_ctf_volume_is_whole_or_refused(files, tmp_path, how, choice):
    folder, stored = files
    text = (folder / "run.star").read_text(encoding="utf-8")
    angles = "\n".join(f"_rlnAngle{name} #{n}" for n, name in enumerate(("Rot", "Tilt", "Psi"), start=4))
    text = text.replace("_rlnOpticsGroup #3", f"_rlnOpticsGroup #3\n{angles}").replace(".mrc 1\n", ".mrc 1 0 0 0\n")
    text = text.replace("particle", f"{folder}/particle").replace("data_" + f"{folder}/", "data_")
    text = text.replace(" ctf", f" {folder}/ctf").replace(f"{folder}/ctf1.mrc", "ctf.mrc")
    (tmp_path / "run.star").write_text(text, encoding="utf-8")
    write_mangled(tmp_path / "ctf.mrc", stored, **how)
    output = tmp_path / "average.mrc"
    output.unlink(missing_ok=True)
    result = CliRunner().invoke(main, ["average", str(tmp_path / "run.star"), str(output), "--ctf", choice])
    assert said_well(result) == output.exists()
    if output.exists():
        assert np.isfinite(mrcfile.read(output)).all()
