"""The complexes that there are: their entries of the Protein Data Bank, and what their coordinates must hold."""

from dataclasses import dataclass

from gradalign.errors import InputError


@dataclass(frozen=True)
class Entry:
    """An entry of the Protein Data Bank and what its coordinates must hold.

    Attributes
    ----------
    identifier : str
    chains : str
        The protein chains that are taken, one letter each, as the authors named them.
    chain_count : int
        Number of chains in the biological assembly.
    fewest_atoms, most_atoms : int
        Bounds of the number of protein atoms in the assembly: no hydrogens, alternate positions counted once.
    assembly : str
        Name of the biological assembly.
    """

    identifier: str
    chains: str
    chain_count: int
    fewest_atoms: int
    most_atoms: int
    assembly: str = "1"


@dataclass(frozen=True)
class Complex:
    """A protein complex of the study.

    Attributes
    ----------
    label : str
        Its name as displayed.
    group : str
        Its point group.
    entries : tuple of Entry
        The paper's entry, then stand-ins that a directory may hold instead.
    """

    label: str
    group: str
    entries: tuple


# Atoms were counted in the entries' files. That of 1KP8 was not at hand: it has 57085 atoms with its ligands
# and waters, and its chains are modelled about as far as those of 1MNF. The twelve-residue peptides of 1MNF,
# its chains O to Z, 1 and 2, are no part of GroEL.
COMPLEXES = {
    "groel": Complex(
        "GroEL",
        "D7",
        (
            Entry("1KP8", "ABCDEFGHIJKLMN", 14, 52000, 57085),
            Entry("1MNF", "ABCDEFGHIJKLMN", 14, 54096, 54096),
        ),
    ),
    "rna_polymerase": Complex("RNA polymerase", "C1", (Entry("2GHO", "ABCD", 4, 11060, 11060),)),
    "enolase": Complex("Enolase", "D4", (Entry("1W6T", "AB", 8, 26264, 26264),)),
    "clpp": Complex("ClpP", "D7", (Entry("1YG6", "ABCDEFGHIJKLMN", 14, 20475, 20475),)),
}
"""The complexes of the study by their names in the configuration."""


def find_complex(name):
    """Return the complex of a name in the configuration.

    Parameters
    ----------
    name : str

    Returns
    -------
    Complex

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in COMPLEXES:
        raise InputError(f"object {name!r} is no known complex: choose from {', '.join(COMPLEXES)}.")
    return COMPLEXES[name]
