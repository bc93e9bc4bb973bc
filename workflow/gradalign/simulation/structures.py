"""From coordinates to a density map: parse, build the biological assembly, pose, smooth.

Lengths are in nm, masses in dalton, densities in kilodalton per cubic nm. Vectors are (x, y, z), maps
``[z, y, x]``.

What counts as the object: the protein atoms of the named chains, without hydrogens, ligands and waters, each
weighted by its mass. Situs' pdb2vol asks whether to weight by mass and has no default; mass is what is usual.
A site with alternate positions counts as one atom, shared among the positions in the ratio of their
occupancies: unlike the most occupied conformer alone, that needs no rule for ties, of which 1W6T has many.
"""

import re
from dataclasses import dataclass, replace

import gemmi
import numpy as np

from gradalign.base.jit import jit
from gradalign.errors import InputError
from gradalign.simulation.setting import standard_setting

ANGSTROM_PER_NM = 10.0
DALTON_PER_KILODALTON = 1000.0


@dataclass(frozen=True)
class Assembly:
    """The protein atoms of a biological assembly.

    Attributes
    ----------
    positions : numpy.ndarray, (n, 3)
        In nm; one line for each alternate position.
    masses : numpy.ndarray, (n,)
        In dalton, of the element.
    shares : numpy.ndarray, (n,)
        Part of its site that each position stands for; 1 without alternate positions.
    chains : numpy.ndarray, (n,), int
        Number of the chain in the assembly, from 0.
    residues : tuple of str
        Number and insertion code of the residue, n of them.
    names : tuple of str
        Name of the atom, n of them.
    """

    positions: np.ndarray
    masses: np.ndarray
    shares: np.ndarray
    chains: np.ndarray
    residues: tuple
    names: tuple

    @property
    def chain_count(self):
        """Number of chains."""
        return int(self.chains.max()) + 1

    @property
    def atom_count(self):
        """Number of atoms, alternate positions counted once."""
        return round(float(self.shares.sum()))

    @property
    def weights(self):
        """Mass in dalton that stands at each position."""
        return self.masses * self.shares

    def c_alpha(self):
        """Return the Cα positions that all chains have, chain by chain.

        Returns
        -------
        numpy.ndarray, (chains, residues, 3)
            In nm, in the order of the first chain; alternate positions averaged by their shares.
        """
        found = [{} for _ in range(self.chain_count)]
        for i, name in enumerate(self.names):
            if name == "CA":
                chain = found[self.chains[i]]
                here = self.shares[i] * self.positions[i]
                chain[self.residues[i]] = chain.get(self.residues[i], 0.0) + here
        common = [residue for residue in found[0] if all(residue in chain for chain in found)]
        positions = [[chain[residue] for residue in common] for chain in found]
        return np.array(positions).reshape(len(found), -1, 3)


def read_assembly(text, kind, label, entry, assembly, chains):
    """Read a biological assembly from the text of a coordinate file.

    Parameters
    ----------
    text : bytes
        The unpacked file.
    kind : str
        ``"pdb"`` or ``"cif"``.
    label : str or path
        What messages call the file.
    entry : str
        Identifier that the file must bear, such as ``"1YG6"``.
    assembly : str
        Name of the biological assembly (REMARK 350, ``_pdbx_struct_assembly``), such as ``"1"``.
    chains : sequence of str
        The protein chains to keep, as the authors named them; all must be there.

    Returns
    -------
    Assembly

    Raises
    ------
    InputError
        If the text cannot be read, is of another entry, or lacks the assembly or a chain.
    """
    structure = _parse(text, kind, label)
    found = dict(structure.info).get("_entry.id", "").upper()
    if found != entry.upper():
        raise InputError(f"{label}: is of entry {found or 'unknown'}, where {entry.upper()} is needed.")
    recipes = [recipe for recipe in structure.assemblies if recipe.name == assembly]
    if not recipes:
        raise InputError(f"{label}: describes no biological assembly {assembly}, from which {entry} is built.")
    structure.setup_entities()
    structure.remove_hydrogens()
    structure.remove_ligands_and_waters()
    model = structure[0]
    missing = sorted(set(chains) - {chain.name for chain in model})
    if missing:
        raise InputError(f"{label}: holds no protein chain {', '.join(missing)}, where {entry} has it.")
    for name in {chain.name for chain in model} - set(chains):
        model.remove_chain(name)
    kept = {residue.subchain for chain in model for residue in chain}
    for generator in recipes[0].generators:
        generator.chains = [name for name in generator.chains if name in chains]
        generator.subchains = [name for name in generator.subchains if name in kept]
    return _atoms(gemmi.make_assembly(recipes[0], model, gemmi.HowToNameCopiedChain.AddNumber))


def _parse(text, kind, label):
    """Return the gemmi structure of a coordinate file's text."""
    formats = {"pdb": gemmi.CoorFormat.Pdb, "cif": gemmi.CoorFormat.Mmcif}
    if kind == "pdb":
        text = _name_continued_chains(text)
    try:
        structure = gemmi.read_structure_string(text, format=formats[kind])
    except (RuntimeError, ValueError, IndexError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{label}: cannot be read as {kind} coordinates ({reason}).") from error
    if len(structure) == 0 or structure[0].count_atom_sites() == 0:
        raise InputError(f"{label}: holds no atoms, where a protein structure is needed.")
    return structure


def _name_continued_chains(text):
    """Return PDB text whose REMARK 350 lists of chains run on as gemmi expects them to.

    Old files (1MNF) break a list without the words "AND CHAINS:" that today's files repeat; gemmi then reads
    its first line only.
    """
    continued = re.compile(rb"^REMARK 350 +((?:\w, *)*\w),? *\r?$", re.MULTILINE)
    # one chain a line, for gemmi reads no more than 80 columns
    return continued.sub(
        lambda match: b"\n".join(
            b"REMARK 350                    AND CHAINS: " + name.strip() for name in match[1].split(b",")
        ),
        text,
    )


def _atoms(model):
    """Return the atoms of a gemmi model as an `Assembly`."""
    keys, sites, atoms = [], {}, []
    for number, chain in enumerate(model):
        for residue in chain:
            for atom in residue:
                keys.append((number, str(residue.seqid), atom.name))
                sites.setdefault(keys[-1], len(sites))
                atoms.append(atom)
    site = np.array([sites[key] for key in keys])
    occupancies = np.array([atom.occ for atom in atoms])
    # a site whose positions all have occupancy 0 is shared equally
    occupancies[np.bincount(site, occupancies)[site] <= 0] = 1.0
    return Assembly(
        positions=np.array([atom.pos.tolist() for atom in atoms]) / ANGSTROM_PER_NM,
        masses=np.array([atom.element.weight for atom in atoms]),
        shares=occupancies / np.bincount(site, occupancies)[site],
        chains=np.array([number for number, _, _ in keys]),
        residues=tuple(residue for _, residue, _ in keys),
        names=tuple(name for _, _, name in keys),
    )


def pose(assembly, group, label):
    """Move an assembly to the standard setting of its point group.

    A symmetric assembly stands with its symmetry centre in the origin (`standard_setting`). One without
    symmetry (C1) keeps the axes of its entry and has its centre of mass in the origin: axes of inertia would
    be fixed up to their signs only.

    Parameters
    ----------
    assembly : Assembly
    group : str
        ``"C1"``, or ``"Dn"`` with n ≥ 3.
    label : str or path
        What messages call the structure.

    Returns
    -------
    posed : Assembly
    residuals : numpy.ndarray, (order,)
        Cα RMSD in nm between the assembly and itself moved by each operator of ``point_group(group)``.

    Raises
    ------
    InputError
        If the assembly does not have the symmetry.
    """
    if group == "C1":
        centre = assembly.weights @ assembly.positions / assembly.weights.sum()
        return replace(assembly, positions=assembly.positions - centre), np.zeros(1)
    rotation, centre, residuals = standard_setting(
        assembly.c_alpha(), assembly.positions, assembly.weights, group, label
    )
    return replace(assembly, positions=(assembly.positions - centre) @ rotation.T), residuals


def density(assembly, box, voxel_size, resolution, label):
    r"""Smooth the atoms of a posed assembly to a density map.

    Situs' Gaussian kernel, exp(−1.5 r²/σ²) with σ = resolution/2, scaled to unit integral, evaluated at the
    voxel centres without cut-off:

    ρ(x) = Σ m_i (1.5/(π σ²))^{3/2} exp(−1.5 \|x − x_i\|²/σ²).

    The standard deviation along an axis is σ/√3. No map is scaled by its own maximum: protein is as dense in
    one object as in the other, at most 0.3 to 0.6 kDa/nm³ at 4 nm.

    Parameters
    ----------
    assembly : Assembly
        Centred on the origin, which becomes the centre of voxel ``box // 2``.
    box : int
        Edge of the map in voxels.
    voxel_size : float
        Edge of a voxel in nm.
    resolution : float
        In nm.
    label : str
        What messages call the structure.

    Returns
    -------
    numpy.ndarray, (box, box, box), float32
        Kilodalton per cubic nm, ``[z, y, x]``.

    Raises
    ------
    InputError
        If an atom and three standard deviations of its kernel do not fit in the box in every orientation.
    """
    variance = (resolution / 2) ** 2 / 3
    reach = np.linalg.norm(assembly.positions, axis=1).max() + 3 * np.sqrt(variance)
    room = ((box - 1) // 2) * voxel_size
    if reach > room:
        raise InputError(
            f"box: {box} voxels of {voxel_size:g} nm leave {room:g} nm on each side of the centre, "
            f"where {label} needs {reach:.1f} nm."
        )
    centres = (np.arange(box) - box // 2) * voxel_size
    offsets = assembly.positions[:, :, None] - centres
    along = np.exp(-(offsets**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    total = np.zeros((box, box, box))
    _accumulate(along[:, 2] * assembly.weights[:, None], along[:, 1].copy(), along[:, 0].copy(), total)
    return (total / DALTON_PER_KILODALTON).astype(np.float32)


@jit
def _accumulate(along_z, along_y, along_x, total):
    # a plain loop over the atoms: the sum does not depend on the number of cores, as a matrix product's may
    for atom in range(along_z.shape[0]):
        for k in range(total.shape[0]):
            for j in range(total.shape[1]):
                factor = along_z[atom, k] * along_y[atom, j]
                for i in range(total.shape[2]):
                    total[k, j, i] += factor * along_x[atom, i]
