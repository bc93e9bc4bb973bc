"""Small made-up assemblies, as gemmi structures, for the tests of structures and their sources."""

import string

import gemmi
import numpy as np

from gradalign.geometry.rotations import point_group
from gradalign.simulation.structures import Assembly


def toy_chain(residues=12, seed=1):
    """Return N and CA positions (residues, 2, 3) in angstrom of a chain that stands off every axis."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(size=(residues, 3)) * 2.2, axis=0)
    alpha = walk - walk.mean(axis=0) + [30.0, 6.0, 15.0]
    return np.stack([alpha + rng.normal(size=(residues, 3)), alpha], axis=1)


def toy_chains(group, **options):
    """Return the positions (chains, residues, 2, 3) of an assembly with a point group, in angstrom."""
    return np.einsum("gij,raj->grai", point_group(group), toy_chain(**options))


def toy_assembly(chains):
    """Return chains (chains, residues, 2, 3) in angstrom as an `Assembly`."""
    count, residues = chains.shape[:2]
    sites = [(c, r, name) for c in range(count) for r in range(residues) for name in ("N", "CA")]
    return Assembly(
        positions=chains.reshape(-1, 3) / 10.0,
        masses=np.array([14.007 if name == "N" else 12.011 for _, _, name in sites]),
        shares=np.ones(len(sites)),
        chains=np.array([chain for chain, _, _ in sites]),
        residues=tuple(str(residue + 1) for _, residue, _ in sites),
        names=tuple(name for _, _, name in sites),
    )


def add_atom(residue, name, position, element=None, altloc="\0", occupancy=1.0):
    """Add an atom to a gemmi residue."""
    atom = gemmi.Atom()
    atom.name, atom.altloc, atom.occ = name, altloc, occupancy
    atom.element = gemmi.Element(element or name[0])
    atom.pos = gemmi.Position(*position)
    residue.add_atom(atom)


def toy_structure(chains, entry="9TST", operators=None):
    """Return a gemmi structure of alanines whose biological assembly 1 is made by `operators` (rotations)."""
    structure = gemmi.Structure()
    structure.name = entry
    structure.info["_entry.id"] = entry
    model = gemmi.Model(1)
    names = string.ascii_uppercase[: len(chains)]
    for name, positions in zip(names, chains, strict=True):
        chain = gemmi.Chain(name)
        for number, atoms in enumerate(positions, start=1):
            residue = gemmi.Residue()
            residue.name, residue.seqid = "ALA", gemmi.SeqId(str(number))
            for atom, position in zip(("N", "CA"), atoms, strict=True):
                add_atom(residue, atom, position)
            chain.add_residue(residue)
        model.add_chain(chain)
    structure.add_model(model)
    structure.setup_entities()
    structure.assemblies.append(_recipe(structure[0], names, [np.eye(3)] if operators is None else operators))
    return structure


def _recipe(model, names, operators):
    generator = gemmi.Assembly.Gen()
    generator.chains = list(names)
    generator.subchains = [subchain.subchain_id() for chain in model for subchain in chain.subchains()]
    for number, matrix in enumerate(operators, start=1):
        operator = gemmi.Assembly.Operator()
        operator.name = str(number)
        operator.transform.mat.fromlist(np.asarray(matrix).tolist())
        generator.operators.append(operator)
    recipe = gemmi.Assembly("1")
    recipe.generators.append(generator)
    return recipe


def pdb_text(structure):
    """Return the structure as the text of a PDB file."""
    return structure.make_pdb_string().encode()


def cif_text(structure):
    """Return the structure as the text of an mmCIF file."""
    return structure.make_mmcif_document().as_string().encode()
