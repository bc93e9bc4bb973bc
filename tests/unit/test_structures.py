import gemmi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from toy_structures import (
    add_atom,
    cif_text,
    pdb_text,
    toy_assembly,
    toy_chain,
    toy_chains,
    toy_structure,
)

from gradalign.errors import InputError
from gradalign.geometry.rotations import point_group
from gradalign.simulation.setting import symmetry_residuals
from gradalign.simulation.structures import Assembly, density, pose, read_assembly


def read(structure, chains="ABCDEF", kind="pdb"):
    text = pdb_text(structure) if kind == "pdb" else cif_text(structure)
    return read_assembly(text, kind, "toy", "9TST", "1", chains)


def point_atoms(positions, masses):
    """An assembly of single atoms at `positions` in nm."""
    count = len(positions)
    return Assembly(
        np.array(positions, float),
        np.array(masses, float),
        np.ones(count),
        np.zeros(count, int),
        ("1",) * count,
        ("C",) * count,
    )


# parsing


@pytest.mark.parametrize("kind", ["pdb", "cif"])
def test_positions_come_back_in_nm_from_both_formats(kind):
    chains = toy_chains("D3")
    assembly = read(toy_structure(chains), kind=kind)
    assert assembly.chain_count == 6
    assert assembly.atom_count == 6 * 12 * 2
    np.testing.assert_allclose(assembly.positions * 10, chains.reshape(-1, 3), atol=1e-3)
    np.testing.assert_allclose(assembly.weights[:2], [14.007, 12.011], atol=1e-3)


@pytest.mark.parametrize("kind", ["pdb", "cif"])
def test_an_assembly_of_several_operators_is_built_whole(kind):
    group = point_group("D4")
    chains = np.einsum("gij,craj->gcrai", group[:4], toy_chains("D4")[[0, 4]])
    assembly = read(toy_structure(chains[0], operators=group[:4]), chains="AB", kind=kind)
    assert assembly.chain_count == 8
    np.testing.assert_allclose(assembly.positions * 10, chains.reshape(-1, 3), atol=2e-3)


@pytest.mark.parametrize("kind", ["pdb", "cif"])
def test_hydrogens_ligands_and_waters_do_not_count(kind):
    structure = toy_structure(toy_chains("D3"))
    plain = read(structure, kind=kind)
    chain = structure[0]["A"]
    add_atom(chain[0], "H", (0, 0, 0))
    add_atom(chain[0], "D", (0, 0, 1))
    for number, (name, atom, element) in enumerate([("HOH", "O", "O"), ("ATP", "PG", "P")], start=200):
        residue = gemmi.Residue()
        residue.name, residue.seqid, residue.het_flag = name, gemmi.SeqId(str(number)), "H"
        add_atom(residue, atom, (5, 5, 5), element)
        chain.add_residue(residue)
    structure.setup_entities()
    structure.assemblies[0].generators[0].subchains = [
        subchain.subchain_id() for chain in structure[0] for subchain in chain.subchains()
    ]
    crowded = read(structure, kind=kind)
    assert crowded.names == plain.names
    np.testing.assert_array_equal(crowded.positions, plain.positions)


@pytest.mark.parametrize("kind", ["pdb", "cif"])
def test_chains_that_are_not_named_are_dropped(kind):
    chains = toy_chains("D3")
    assembly = read(toy_structure(chains), chains="ABE", kind=kind)
    np.testing.assert_allclose(assembly.positions * 10, chains[[0, 1, 4]].reshape(-1, 3), atol=1e-3)


@pytest.mark.parametrize("occupancies, shares", [((0.75, 0.25), (0.75, 0.25)), ((0.0, 0.0), (0.5, 0.5))])
def test_alternate_positions_share_one_atom(occupancies, shares):
    structure = toy_structure(toy_chains("D3"))
    residue = structure[0]["A"][3]
    whole = read(structure)
    position = residue["CA"][0].pos.tolist()
    residue.remove_atom("CA", "\0", gemmi.Element("C"))
    add_atom(residue, "CA", position, altloc="A", occupancy=occupancies[0])
    add_atom(residue, "CA", np.add(position, [4, 0, 0]), altloc="B", occupancy=occupancies[1])
    shared = read(structure)
    assert shared.atom_count == whole.atom_count
    assert shared.weights.sum() == pytest.approx(whole.weights.sum())
    np.testing.assert_allclose(sorted(set(shared.shares)), sorted({1.0, *shares}))
    moved = shared.c_alpha()[0, 3] - whole.c_alpha()[0, 3]
    np.testing.assert_allclose(moved, [0.4 * shares[1], 0, 0], atol=1e-3)


def test_an_occupancy_below_one_without_alternates_counts_as_a_whole_atom():
    structure = toy_structure(toy_chains("D3"))
    structure[0]["A"][0]["CA"][0].occ = 0.3
    assert (read(structure).shares == 1).all()


def test_a_chain_list_that_runs_on_without_its_words_is_read_whole():
    text = pdb_text(toy_structure(toy_chains("D3")))
    assert b"CHAINS: A, B, C, D, E, F" in text
    for broken in (
        b"CHAINS: A, B,\nREMARK 350 C, D, E, F",
        b"CHAINS: A, B,\nREMARK 350 C, D,\r\nREMARK 350      E, F      ",
    ):
        old = text.replace(b"CHAINS: A, B, C, D, E, F", broken)
        assert read_assembly(old, "pdb", "toy", "9TST", "1", "ABCDEF").chain_count == 6


def test_residues_that_a_chain_lacks_are_left_out_of_all_chains():
    structure = toy_structure(toy_chains("D3"))
    whole = read(structure)
    del structure[0]["C"][4]
    alpha = read(structure).c_alpha()
    assert alpha.shape == (6, 11, 3)
    np.testing.assert_array_equal(alpha, np.delete(whole.c_alpha(), 4, axis=1))


def test_another_entry_is_refused():
    with pytest.raises(InputError, match="toy: is of entry 1XYZ, where 9TST is needed"):
        read(toy_structure(toy_chains("D3"), entry="1XYZ"))


def test_a_missing_assembly_is_refused():
    text = b"\n".join(
        line for line in pdb_text(toy_structure(toy_chains("D3"))).splitlines() if b"REMARK 350" not in line
    )
    with pytest.raises(InputError, match="toy: describes no biological assembly 1"):
        read_assembly(text, "pdb", "toy", "9TST", "1", "ABCDEF")


def test_a_missing_chain_is_refused():
    with pytest.raises(InputError, match="toy: holds no protein chain X, Y"):
        read(toy_structure(toy_chains("D3")), chains="ABXY")


@pytest.mark.parametrize("kind", ["pdb", "cif"])
@pytest.mark.parametrize("text", [b"", b"<html>no such page</html>\n", b"\x00\xff\xfe" * 99])
def test_text_that_is_no_structure_is_refused_in_one_sentence(kind, text):
    with pytest.raises(InputError, match=r"^toy: [^\n]*\.$"):
        read_assembly(text, kind, "toy", "9TST", "1", "A")


def test_an_mmcif_structure_that_is_cut_off_is_refused():
    text = cif_text(toy_structure(toy_chains("D3")))
    with pytest.raises(InputError, match=r"^toy: cannot be read as cif coordinates"):
        read_assembly(text[: len(text) * 2 // 3], "cif", "toy", "9TST", "1", "ABCDEF")


# pose


@pytest.mark.parametrize("group", ["D3", "D4", "D7"])
def test_every_operator_of_the_group_maps_the_posed_assembly_onto_itself(group):
    chains = toy_chains(group) @ Rotation.random(rng=np.random.default_rng(5)).as_matrix().T + [9, -80, 31]
    posed, residuals = pose(toy_assembly(chains), group, "toy")
    assert residuals.max() < 1e-9
    for operator in point_group(group):
        moved = posed.positions @ operator.T
        nearest = np.linalg.norm(moved[:, None] - posed.positions[None], axis=2).min(axis=1)
        assert nearest.max() < 1e-9


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), group=st.sampled_from(["D3", "D4", "D7"]))
def test_the_setting_does_not_depend_on_the_frame_of_the_file(seed, group):
    rng = np.random.default_rng(seed)
    chains = toy_chains(group) + rng.normal(scale=0.3, size=toy_chains(group).shape)
    turned = chains @ Rotation.random(rng=rng).as_matrix().T + rng.normal(scale=50, size=3)
    posed, residuals = pose(toy_assembly(chains), group, "toy")
    posed_turned, residuals_turned = pose(toy_assembly(turned), group, "toy")
    np.testing.assert_allclose(posed_turned.positions, posed.positions, atol=1e-9)
    np.testing.assert_allclose(residuals_turned, residuals, atol=1e-9)


@pytest.mark.parametrize("group", ["D4", "D7"])
def test_the_open_turns_of_the_setting_follow_the_stated_rules(group):
    fold = int(group[1:])
    posed, _ = pose(toy_assembly(toy_chains(group)), group, "toy")
    x, y, z = posed.positions[posed.chains == 0].mean(axis=0)
    assert z > 0
    assert abs(np.arctan2(y, x)) <= np.pi / fold
    moment = posed.weights @ ((posed.positions[:, 0] + 1j * posed.positions[:, 1]) ** fold).real
    assert moment > 0


@pytest.mark.parametrize("group", ["D3", "D7"])
def test_posing_keeps_the_handedness(group):
    assembly = toy_assembly(toy_chains(group))
    posed, _ = pose(assembly, group, "toy")
    centred = assembly.positions - assembly.positions.mean(axis=0)
    turn, _ = Rotation.align_vectors(posed.positions, centred)
    # atom by atom: the reported distance is a small difference of large sums
    assert np.abs(turn.apply(centred) - posed.positions).max() < 1e-6
    mirrored, _ = pose(toy_assembly(toy_chains(group) * [1, 1, -1]), group, "toy")
    assert not np.allclose(mirrored.positions, posed.positions, atol=0.1)


def test_residuals_measure_the_departure_from_symmetry_in_nm():
    chains = toy_chains("D7", residues=200)
    noise = np.random.default_rng(3).normal(scale=0.5, size=chains.shape)
    _, residuals = pose(toy_assembly(chains + noise), "D7", "toy")
    assert residuals[0] == 0
    # two positions, each with 0.05 nm along three axes
    np.testing.assert_allclose(residuals[1:], 0.05 * np.sqrt(6), rtol=0.05)


def test_residuals_see_an_axis_off_its_place():
    alpha = toy_chains("D7")[:, :, 1] / 10
    residuals = symmetry_residuals(alpha @ Rotation.from_rotvec([0, 0, 0.05]).as_matrix().T, "D7", "toy")
    assert residuals[:7].max() < 1e-9
    assert residuals[7:].min() > 0.2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda chains: chains + 12.0 * (np.arange(14) == 3)[:, None, None, None],
        lambda chains: np.concatenate([chains[:7], chains[:7] * [1, 1, -1]]),
        lambda chains: np.repeat(chains[:1], 14, axis=0),
        lambda chains: chains * [1.0, 1.3, 1.0],
        lambda chains: chains[:13],
        lambda chains: chains[:, :2],
    ],
    ids=[
        "a chain moved",
        "a mirrored ring",
        "chains on top of each other",
        "stretched",
        "a chain less",
        "short",
    ],
)
def test_an_assembly_without_the_symmetry_is_refused(spoil):
    with pytest.raises(InputError, match="^toy: .*D7|^toy: .*chains"):
        pose(toy_assembly(spoil(toy_chains("D7"))), "D7", "toy")


def test_an_assembly_of_another_symmetry_is_refused():
    with pytest.raises(InputError, match="D4"):
        pose(toy_assembly(np.einsum("gij,raj->grai", point_group("C8"), toy_chain())), "D4", "toy")


@pytest.mark.parametrize("group", ["C8", "D2"])
def test_a_point_group_that_cannot_be_set_up_is_named_with_those_that_can(group):
    chains = np.einsum("gij,raj->grai", point_group(group), toy_chain())
    with pytest.raises(InputError, match=f"point group {group}, where C1 or Dn with n ≥ 3 is needed"):
        pose(toy_assembly(chains), group, "toy")


def test_an_asymmetric_assembly_keeps_its_axes_about_the_centre_of_mass():
    assembly = toy_assembly(toy_chain()[None])
    posed, residuals = pose(assembly, "C1", "toy")
    np.testing.assert_allclose(posed.weights @ posed.positions, 0, atol=1e-9)
    np.testing.assert_allclose(np.diff(posed.positions, axis=0), np.diff(assembly.positions, axis=0), atol=1e-12)
    assert residuals.tolist() == [0.0]


# density


def test_the_map_is_the_sum_of_the_kernels_at_the_voxel_centres():
    positions, masses = [[0.0, 0.0, 0.0], [1.3, -2.1, 0.4], [-0.2, 0.9, 2.6]], [12.0, 14.0, 32.0]
    volume = density(point_atoms(positions, masses), 16, 1.0, 4.0, "toy")
    grid = np.arange(16) - 8
    z, y, x = np.meshgrid(grid, grid, grid, indexing="ij")
    expected = np.zeros((16, 16, 16))
    for (px, py, pz), mass in zip(positions, masses, strict=True):
        squared = (x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2
        expected += mass / 1000 * (1.5 / (np.pi * 4)) ** 1.5 * np.exp(-1.5 * squared / 4)
    assert volume.dtype == np.float32
    np.testing.assert_allclose(volume, expected, rtol=2e-6, atol=0)


@pytest.mark.parametrize("box, voxel_size", [(24, 1.0), (25, 1.0), (40, 0.6)])
def test_the_map_holds_the_mass_around_the_centre_voxel(box, voxel_size):
    volume = density(point_atoms([[0, 0, 0], [2, 0, 0], [-2, 0, 0]], [12, 30, 30]), box, voxel_size, 4.0, "toy")
    assert volume.sum() * voxel_size**3 == pytest.approx(0.072, rel=1e-4)
    indices = np.indices(volume.shape).reshape(3, -1)
    centre = indices @ volume.ravel().astype(float) / volume.sum(dtype=float)
    np.testing.assert_allclose(centre, box // 2, atol=1e-3)


def test_axes_of_the_map_are_z_y_x():
    volume = density(point_atoms([[2, 3, -4]], [12]), 32, 1.0, 4.0, "toy")
    assert np.unravel_index(volume.argmax(), volume.shape) == (16 - 4, 16 + 3, 16 + 2)


def test_a_coarser_resolution_smooths_more():
    peaks = [density(point_atoms([[0, 0, 0]], [12]), 32, 1.0, r, "toy").max() for r in (3.0, 4.0, 6.0)]
    np.testing.assert_allclose(np.divide(peaks, peaks[1]), [(4 / 3) ** 3, 1, (4 / 6) ** 3], rtol=1e-5)


def test_a_box_too_small_for_the_object_in_any_orientation_is_refused():
    atoms = point_atoms([[0, 0, 6], [0, 0, -6]], [12, 12])
    assert density(atoms, 20, 1.1, 4.0, "toy").shape == (20, 20, 20)
    with pytest.raises(InputError, match="^box: 20 voxels of 1 nm leave 9 nm .* where toy needs 9.5 nm"):
        density(atoms, 20, 1.0, 4.0, "toy")
