"""The rungs of the ladder: which object, under which condition, at which tilt range and signal-to-noise ratio.

A condition is what is unlike the plain data of the paper, one thing at a time: settings laid over the sections
``microscope`` and ``subtomograms`` of the configuration, and what an aligner is told.
"""

from dataclasses import dataclass, field, fields
from itertools import product
from typing import NamedTuple

from gradalign.errors import InputError

PLAIN = "plain"
"""Name of the condition without anything unlike."""
_TOLD = ("reach", "low_pass", "ctf")


@dataclass(frozen=True)
class Condition:
    """What is unlike the plain data.

    Parameters
    ----------
    name : str
    microscope, subtomograms : dict
        Laid over the sections of the configuration.
    tilt : (float, float), optional
        Tilt range in place of the rung's, in degrees.
    stated_tilt : (float, float), optional
        Tilt range that aligners are told, in degrees; the true one if left out.
    fine : bool
        Whether the object's map has details down to 1.5 nm; the plain one has them down to 4 nm.
    told : dict
        What aligners are told beside the tilt range: ``reach`` and ``low_pass``, both in nm, and with ``ctf: true``
        the transfer function of the particles.

    Raises
    ------
    InputError
        If `told` has another key.
    """

    name: str = PLAIN
    microscope: dict = field(default_factory=dict)
    subtomograms: dict = field(default_factory=dict)
    tilt: tuple | None = None
    stated_tilt: tuple | None = None
    fine: bool = False
    told: dict = field(default_factory=dict)

    def __post_init__(self):
        unknown = sorted(set(self.told) - set(_TOLD))
        if unknown:
            raise InputError(
                f"condition {self.name}: told has {unknown[0]!r}, where one of {', '.join(_TOLD)} is needed"
            )


class Rung(NamedTuple):
    """One rung."""

    object: str
    condition: str
    task: str
    """What is aligned: ``"pairs"``, the two members of a pair; ``"map"``, particles against the object's map without
    contrast transfer and noise; ``"average"``, particles against the average of others at their true poses."""
    tilt: float
    """Half range of the tilt series in degrees; a condition may have another range in its place."""
    snr: float


def conditions(section):
    """Return the conditions of the section ``ladder`` of the configuration, `PLAIN` among them.

    Parameters
    ----------
    section : dict
        Its ``conditions``: by name some of the attributes of `Condition`.

    Returns
    -------
    dict of str to Condition

    Raises
    ------
    InputError
        If a condition has a key that is not known.
    """
    known = [each.name for each in fields(Condition) if each.name != "name"]
    found = {PLAIN: Condition()}
    for name, settings in section.items():
        unknown = sorted(set(settings) - set(known))
        if unknown:
            raise InputError(f"condition {name}: has {unknown[0]!r}, where one of {', '.join(known)} is needed")
        ranges = {key: tuple(settings[key]) for key in ("tilt", "stated_tilt") if settings.get(key)}
        found[name] = Condition(name, **{**settings, **ranges})
    return found


def rungs(section):
    """Return the rungs of the section ``ladder`` of the configuration, and who climbs them.

    Parameters
    ----------
    section : dict
        Its ``rungs`` are products of objects, conditions, tasks, tilt ranges and signal-to-noise ratios, each with
        ``pairs`` and ``aligner`` of its own or those of the section.

    Returns
    -------
    dict of Rung to dict of str to int
        How many alignments each aligner makes on each rung. Rungs are in the order of the section, each once; what
        several products say of one is put together.

    Raises
    ------
    InputError
        If a condition is not known.
    """
    known = conditions(section["conditions"])
    found = {}
    for part in section["rungs"]:
        counts = dict.fromkeys(part.get("aligner", section["aligner"]), part.get("pairs", section["pairs"]))
        for values in product(*(part[name] for name in Rung._fields)):
            rung = Rung(*values)
            if rung.condition not in known:
                raise InputError(f"ladder: there is no condition {rung.condition!r}; known are {', '.join(known)}")
            found[rung] = found.get(rung, {}) | counts
    return found
