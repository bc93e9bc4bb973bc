import gzip
import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from toy_structures import cif_text, pdb_text, toy_chains, toy_structure

from gradalign.errors import InputError
from gradalign.geometry.rotations import point_group
from gradalign.simulation.complexes import COMPLEXES, Complex, Entry
from gradalign.simulation.maps import (
    Density,
    bundle_densities,
    check_structures,
    load_density,
    resampled,
    save_density,
)
from gradalign.simulation.sources import coordinates_from_rcsb, find_coordinates

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "resources" / "density"
SHARED = ROOT.parent / "shared" / "pdb"
TOY = Entry("9TST", "ABCDEFGH", 8, 192, 192)


@pytest.fixture(autouse=True)
def toy_complex(monkeypatch):
    stand_in = Entry("8TST", "ABCDEFGH", 8, 192, 192)
    monkeypatch.setitem(COMPLEXES, "toy", Complex("Toy", "D4", (TOY, stand_in)))


def toy(entry="9TST", group="D4"):
    return toy_structure(toy_chains(group), entry=entry)


# a directory


@pytest.mark.parametrize("file", ["9TST.pdb", "9tst.PDB", "pdb9tst.ent", "9Tst.cif", "9tst.pdb.gz", "9TST.CIF.GZ"])
def test_coordinates_are_found_by_entry_in_any_letter_case_packed_or_not(tmp_path, file):
    text = cif_text(toy()) if ".cif" in file.lower() else pdb_text(toy())
    (tmp_path / file).write_bytes(gzip.compress(text) if file.lower().endswith("gz") else text)
    loaded = load_density("toy", "directory", tmp_path)
    assert loaded.provenance["title"] == "Toy (9TST)"
    assert loaded.provenance["coordinate_file"] == file
    assert loaded.provenance["coordinate_sha256"] == hashlib.sha256(text).hexdigest()
    assert loaded.volume.shape == (32, 32, 32)


def test_the_papers_entry_goes_before_a_stand_in(tmp_path):
    (tmp_path / "1mnf.pdb.gz").touch()
    assert find_coordinates("groel", tmp_path)[0].identifier == "1MNF"
    (tmp_path / "1kp8.ent").touch()
    assert find_coordinates("groel", tmp_path)[0].identifier == "1KP8"


def test_a_stand_in_is_shown_under_its_own_name(tmp_path):
    (tmp_path / "8tst.pdb").write_bytes(pdb_text(toy(entry="8TST")))
    provenance = load_density("toy", "directory", tmp_path).provenance
    assert provenance["title"] == "Toy (8TST)"
    assert provenance["stand_in_for"] == "9TST"


def test_a_missing_file_is_named_with_all_that_was_looked_for(tmp_path):
    (tmp_path / "1mnf-assembly1.pdb").touch()
    message = r"holds no coordinates of GroEL: looked for 1kp8 or 1mnf with \.cif, \.pdb or \.ent"
    with pytest.raises(InputError, match=message):
        load_density("groel", "directory", tmp_path)
    with pytest.raises(InputError, match=message):
        check_structures(["groel"], "directory", tmp_path)


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere: is no directory"):
        check_structures(["groel"], "directory", tmp_path / "nowhere")


@pytest.mark.parametrize(
    "structure, message",
    [
        (toy(entry="7TST"), "is of entry 7TST, where 9TST is needed"),
        (toy(group="D3"), "holds no protein chain G, H, where 9TST has it"),
        (toy_structure(toy_chains("D4", residues=11)), "has 176 protein atoms .* where 9TST has 192"),
        (toy_structure(toy_chains("D4"), operators=point_group("C2")), "has 16 chains, where 9TST has 8"),
    ],
)
def test_a_file_that_is_not_the_entry_is_refused(tmp_path, structure, message):
    path = tmp_path / "9tst.pdb"
    path.write_bytes(pdb_text(structure))
    with pytest.raises(InputError, match=f"^{path}: .*{message}"):
        load_density("toy", "directory", tmp_path)


def test_a_truncated_packed_file_is_refused(tmp_path):
    packed = gzip.compress(pdb_text(toy()))
    (tmp_path / "9tst.pdb.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match="9tst.pdb.gz: is a truncated or damaged gzip file"):
        load_density("toy", "directory", tmp_path)


# the Protein Data Bank


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def bank(monkeypatch):
    """A local server that gives `answer` to everything."""
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.requests, server.answer = [], answer(cif_text(toy()))
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def answer(text):
    body = gzip.compress(text)
    return 200, {"Content-Length": str(len(body))}, body


def test_a_download_is_checked_kept_and_recorded(bank, tmp_path):
    folder = tmp_path / "new" / "folder"
    loaded = load_density("toy", "rcsb", folder, base_url=bank.url)
    assert bank.requests == ["/9TST.cif.gz"]
    assert (folder / "9TST.cif").read_bytes() == cif_text(toy())
    digest = hashlib.sha256(cif_text(toy())).hexdigest()
    assert (folder / "9TST.cif.sha256").read_text() == f"{digest}  9TST.cif\n"
    assert sorted(os.listdir(folder)) == ["9TST.cif", "9TST.cif.sha256"]
    assert loaded.provenance["coordinate_sha256"] == digest
    assert loaded.provenance["title"] == "Toy (9TST)"


def test_a_kept_download_is_not_fetched_again(bank, tmp_path):
    first = load_density("toy", "rcsb", tmp_path, base_url=bank.url)
    second = load_density("toy", "rcsb", tmp_path, base_url=bank.url)
    assert len(bank.requests) == 1
    np.testing.assert_array_equal(first.volume, second.volume)


def test_groel_is_downloaded_as_the_papers_entry(bank, tmp_path):
    bank.answer = 404, {"Content-Length": "0"}, b""
    with pytest.raises(InputError, match="/1KP8.cif.gz: could not be downloaded .*404"):
        load_density("groel", "rcsb", tmp_path, base_url=bank.url)


def test_content_that_changed_on_the_server_is_refused(bank, tmp_path):
    coordinates_from_rcsb(TOY, tmp_path, bank.url)
    (tmp_path / "9TST.cif").unlink()
    bank.answer = answer(cif_text(toy()) + b"# changed\n")
    with pytest.raises(InputError, match="9TST.cif.gz: has not the sha256 that .*9TST.cif.sha256 recorded"):
        coordinates_from_rcsb(TOY, tmp_path, bank.url)
    assert not (tmp_path / "9TST.cif").exists()
    bank.answer = answer(cif_text(toy()))
    assert coordinates_from_rcsb(TOY, tmp_path, bank.url).entry == TOY


def test_content_that_changed_on_disk_is_refused(bank, tmp_path):
    coordinates_from_rcsb(TOY, tmp_path, bank.url)
    path = tmp_path / "9TST.cif"
    path.write_bytes(path.read_bytes() + b"# changed\n")
    with pytest.raises(InputError, match=f"^{path}: has not the sha256"):
        coordinates_from_rcsb(TOY, tmp_path, bank.url)


def broken_off(body):
    return 200, {"Content-Length": str(len(body))}, body[: len(body) // 2]


@pytest.mark.parametrize(
    "given, message",
    [
        (broken_off(gzip.compress(cif_text(toy()))), "broke off after"),
        ((200, {}, gzip.compress(cif_text(toy()))[:-300]), "is a truncated or damaged gzip file"),
        (answer(cif_text(toy())[:-2000]), "protein atoms|cannot be read|no protein chain"),
        (answer(cif_text(toy(entry="1XYZ"))), "is of entry 1XYZ, where 9TST is needed"),
        (answer(b"<html>down for maintenance</html>"), "cannot be read as cif"),
        ((404, {"Content-Length": "0"}, b""), "could not be downloaded .*404"),
        ((503, {"Content-Length": "0"}, b""), "could not be downloaded .*503"),
        (
            (302, {"Location": "http://files.example.org/9TST.cif.gz"}, b""),
            "http://files.example.org.* https",
        ),
        ((302, {"Location": "ftp://files.example.org/9TST.cif.gz"}, b""), "is not fetched|could not be"),
    ],
)
def test_an_answer_that_is_not_the_entry_leaves_nothing_behind(bank, tmp_path, given, message):
    bank.answer = given
    with pytest.raises(InputError, match=rf"^[^\n]*({message})[^\n]*$"):
        coordinates_from_rcsb(TOY, tmp_path, bank.url)
    assert os.listdir(tmp_path) == []


def test_an_unreachable_server_is_named(bank, tmp_path):
    url = bank.url
    bank.shutdown()
    bank.server_close()
    with pytest.raises(InputError, match=f"^{url}/9TST.cif.gz: could not be downloaded .*refused"):
        coordinates_from_rcsb(TOY, tmp_path, url)


@pytest.mark.parametrize("url", ["http://files.example.org", "ftp://127.0.0.1", "file:///tmp", "files.example.org"])
def test_addresses_without_tls_are_refused_beyond_this_machine(tmp_path, url):
    with pytest.raises(InputError, match="downloads need an https address"):
        coordinates_from_rcsb(TOY, tmp_path, url)


# the bundled maps


@pytest.mark.parametrize("name", COMPLEXES)
def test_bundled_maps_agree_with_their_provenance(name):
    loaded = load_density(name, "bundled", BUNDLED)
    provenance = loaded.provenance
    assert provenance["entry"] in [entry.identifier for entry in COMPLEXES[name].entries]
    assert provenance["title"] == f"{COMPLEXES[name].label} ({provenance['entry']})"
    assert provenance["point_group"] == COMPLEXES[name].group
    assert len(provenance["operator_residuals_nm"]) == len(point_group(COMPLEXES[name].group))
    assert max(provenance["operator_residuals_nm"]) < 0.3
    assert loaded.voxel_size == 1.0
    total = loaded.volume.sum(dtype=float)
    assert total == pytest.approx(provenance["mass_kilodalton"], rel=1e-4)
    centre = np.indices((32, 32, 32)).reshape(3, -1) @ loaded.volume.ravel().astype(float) / total
    # the symmetry centre, from which disordered residues move the centre of mass a little
    np.testing.assert_allclose(centre, 16, atol=0.15)
    assert loaded.volume[[0, -1]].max() < 1e-6 * loaded.volume.max()


def turned_by_half(volume, axis):
    """`volume` turned by 180° about an axis (0 z, 1 y, 2 x) through voxel N//2."""
    for other in {0, 1, 2} - {axis}:
        volume = np.roll(np.flip(volume, other), 1, other)
    return volume


def departure(volume, other):
    return np.linalg.norm(volume - other) / np.linalg.norm(volume)


# one ring of 1YG6 lacks residues that are ordered in the other: the map is less symmetric than the chains
@pytest.mark.parametrize("name, twofold, about_z", [("groel", 0.02, 0.2), ("enolase", 0.02, 1e-6), ("clpp", 0.15, 0.1)])
def test_bundled_maps_have_a_twofold_on_x_and_the_principal_axis_on_z(name, twofold, about_z):
    volume = load_density(name, "bundled", BUNDLED).volume
    assert departure(volume, turned_by_half(volume, 2)) < twofold
    # a quarter turn about voxel N//2 maps enolase onto itself and hardly changes a sevenfold ring
    assert departure(volume, np.roll(np.rot90(volume, axes=(2, 1)), 1, 2)) < about_z
    assert departure(volume, np.roll(np.rot90(volume, axes=(0, 2)), 1, 0)) > 2 * about_z


def test_the_bundled_polymerase_has_no_twofold():
    volume = load_density("rna_polymerase", "bundled", BUNDLED).volume
    assert min(departure(volume, turned_by_half(volume, axis)) for axis in range(3)) > 0.3


@pytest.mark.skipif(not SHARED.is_dir(), reason="no coordinate files in ../shared/pdb")
def test_the_bundled_maps_come_out_of_their_coordinates_again(tmp_path, monkeypatch):
    monkeypatch.delitem(COMPLEXES, "toy")
    again = bundle_densities(SHARED, tmp_path)
    assert sorted(again) == sorted(COMPLEXES)
    for name, computed in again.items():
        bundled = load_density(name, "bundled", BUNDLED)
        assert computed.provenance == bundled.provenance
        np.testing.assert_allclose(computed.volume, bundled.volume, rtol=2e-7, atol=1e-12)
        assert load_density(name, "bundled", tmp_path).provenance == bundled.provenance


def test_a_bundled_map_that_was_changed_is_refused(tmp_path):
    save_density(load_density("clpp", "bundled", BUNDLED), tmp_path / "clpp.mrc", tmp_path / "clpp.json")
    assert load_density("clpp", "bundled", tmp_path).provenance["entry"] == "1YG6"
    with mrcfile.open(tmp_path / "clpp.mrc", "r+") as mrc:
        mrc.data[16, 16, 16] += 0.001
    for attempt in (load_density, lambda name, *rest: check_structures([name], *rest)):
        with pytest.raises(InputError, match="clpp.mrc: was changed or damaged: .* sha256 in clpp.json"):
            attempt("clpp", "bundled", tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"map_sha256": 1}', "nonsense"])
def test_a_damaged_provenance_is_refused(tmp_path, content):
    loaded = load_density("clpp", "bundled", BUNDLED)
    save_density(loaded, tmp_path / "clpp.mrc", tmp_path / "clpp.json")
    (tmp_path / "clpp.json").write_text(content)
    with pytest.raises(InputError, match="clpp.json: is no provenance"):
        load_density("clpp", "bundled", tmp_path)


@pytest.mark.parametrize("missing", ["clpp.mrc", "clpp.json"])
def test_a_missing_bundled_file_is_named(tmp_path, missing):
    save_density(load_density("clpp", "bundled", BUNDLED), tmp_path / "clpp.mrc", tmp_path / "clpp.json")
    (tmp_path / missing).unlink()
    with pytest.raises(InputError, match=f"{missing}: there is no such file"):
        check_structures(["clpp"], "bundled", tmp_path)


@pytest.mark.parametrize("other", [{"box": 48}, {"voxel_size": 0.5}, {"resolution": 3.0}])
def test_a_bundled_map_is_refused_for_other_parameters(other):
    with pytest.raises(InputError, match="has 32 voxels of 1.0 nm at 4.0 nm resolution; for .* directory or rcsb"):
        load_density("clpp", "bundled", BUNDLED, **other)


def test_bundled_provenance_names_no_place_of_a_machine():
    for path in BUNDLED.glob("*.json"):
        assert "/" not in json.loads(path.read_text(encoding="utf-8"))["coordinate_file"]


# the choice


def test_unknown_objects_and_sources_are_refused(tmp_path):
    with pytest.raises(InputError, match="object 'groes' is no known complex: choose from groel, "):
        load_density("groes", "bundled", BUNDLED)
    with pytest.raises(InputError, match="source 'pdb' is not known: choose from bundled, directory, rcsb"):
        load_density("groel", "pdb", tmp_path)
    with pytest.raises(InputError, match="source 'pdb' is not known"):
        check_structures([], "pdb", tmp_path)


def test_downloads_are_not_tried_by_the_early_check(tmp_path):
    check_structures(["groel", "clpp"], "rcsb", tmp_path / "nowhere")


def test_a_map_is_computed_on_the_grid_that_is_asked_for(tmp_path):
    (tmp_path / "9tst.pdb").write_bytes(pdb_text(toy()))
    fine = load_density("toy", "directory", tmp_path, box=48, voxel_size=0.5, resolution=3.0)
    save_density(fine, tmp_path / "toy.mrc", tmp_path / "toy.json")
    again = load_density("toy", "bundled", tmp_path, box=48, voxel_size=0.5, resolution=3.0)
    assert isinstance(again, Density)
    assert again.voxel_size == 0.5
    np.testing.assert_array_equal(again.volume, fine.volume)
    assert again.provenance == fine.provenance


def test_the_bundling_command_tells_a_mistake_in_one_line(tmp_path):
    script = ROOT / "workflow" / "scripts" / "bundle_densities.py"
    run = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr == (
        f"{tmp_path}: holds no coordinates of GroEL: looked for 1kp8 or 1mnf with .cif, .pdb or .ent, "
        "plain or .gz, in any letter case.\n"
    )


@pytest.mark.parametrize(("box", "voxel_size"), [(48, 0.7), (64, 0.5), (20, 1.6), (32, 1.0)])
def test_a_resampled_map_is_the_object_on_other_voxels(box, voxel_size):
    def blob(size, spacing):
        z, y, x = (np.arange(size) - size // 2) * spacing * np.ones((3, 1))
        parts = np.exp(-((x - 1.3) ** 2) / 8), np.exp(-((y + 2.1) ** 2) / 10), np.exp(-(z**2) / 12)
        return parts[2][:, None, None] * parts[1][:, None] * parts[0]

    assert np.allclose(resampled(blob(32, 1.0), 1.0, box, voxel_size), blob(box, voxel_size), atol=2e-3)
