"""The study's configuration: every key checked against the schema, and values that make no sense refused."""

import datetime
import difflib
import math
import os
import re
from pathlib import Path

import jsonschema
import yaml

from gradalign.errors import InputError
from gradalign.geometry.rotations import check_interval
from gradalign.geometry.wedge import check_tilt_range
from gradalign.simulation.angles import tilt_angles

RESERVED_NAMES = ("reference", "benchmark")
"""Names under results/ that are not studies of the user's."""

_FILES = {"star", "subtomograms", "tomograms", "reference", "mask"}
_QUOTES = "; if it is meant as a text, put it in quotes"

_CELLS = ("grid", "complexes", "convergence", "contrast", "scanning", "averages", "classification")


def read_schema(checkout):
    """Return the schema of the configuration.

    Parameters
    ----------
    checkout : str or path
        Of gradalign, the folder of ``workflow``.

    Returns
    -------
    dict
    """
    text = (Path(checkout) / "workflow" / "schemas" / "config.schema.yaml").read_text(encoding="utf-8")
    # a tenth of the time of PyYAML's own; some have it without
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text).get_single_data()


def check(config, schema, further=()):
    """Return a configuration in which every value has the type it should have.

    Parameters
    ----------
    config : dict
        As read from YAML.
    schema : dict
        The JSON schema that describes every key, as read from workflow/schemas/config.schema.yaml.
    further : sequence of callable
        Further checks, each of which yields a sentence for every mistake in ``(config, scores)``, scores being the
        names that the schema has.

    Returns
    -------
    dict
        A copy with only plain dicts, lists, int, float, str and bool; ``"inf"`` has become infinity.

    Raises
    ------
    InputError
        If a key is unknown, missing or ill-typed, or a value is impossible: a line of one sentence for each
        mistake.
    """
    config = _with_classes(_with_particles(_with_infinities(config), schema), schema)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(config)
    mistakes = [
        sentence
        for error in sorted(errors, key=lambda error: list(map(str, error.absolute_path)))
        for sentence in _sentences(error, schema)
    ]
    if not mistakes:
        config = _completed(_typed(config, schema), schema)
        mistakes = list(_impossible(config))
        scores = schema["properties"]["grid"]["properties"]["score"]["items"]["enum"]
        mistakes += [sentence for other in further for sentence in other(config, scores)]
    if mistakes:
        # a missing key is reported once for each key its section lacks
        raise InputError("\n".join(dict.fromkeys(f"config: {mistake}" for mistake in mistakes)))
    return config


def _with_infinities(config):
    """Return the configuration with "inf" among the signal-to-noise ratios read as a number."""
    config = dict(config)
    config |= {section: _with_infinity(config[section]) for section in _CELLS if section in config}
    aligners = config.get("aligners")
    if isinstance(aligners, dict):
        config["aligners"] = {name: _with_infinite_conditions(aligner) for name, aligner in aligners.items()}
    return config


def _with_infinity(cells):
    if not (isinstance(cells, dict) and "snr" in cells):
        return cells
    ratios = [
        math.inf if isinstance(snr, str) and snr.lower() in ("inf", ".inf") else snr for snr in _listed(cells["snr"])
    ]
    return dict(cells) | {"snr": ratios if isinstance(cells["snr"], list) else ratios[0]}


def _with_infinite_conditions(aligner):
    if not (isinstance(aligner, dict) and isinstance(aligner.get("conditions"), list)):
        return aligner
    return aligner | {"conditions": [_with_infinity(condition) for condition in aligner["conditions"]]}


def _with_particles(config, schema):
    """Return the configuration with the short form ``particles: FILE``, ``reference: FILE`` written out."""
    for key in ("particles", "reference", "classes"):
        if not isinstance(config.get(key), (str, dict, list, type(None))):
            raise InputError(
                f"config: {key}: is {_told(config[key])}, where a file is needed{_QUOTES} or write ./ before it."
            )
    config, particles = dict(config), _with_file(config.get("particles"), schema["properties"]["particles"])
    if isinstance(particles, dict):
        if "reference" in config:
            particles["reference"] = config.pop("reference")
        particles |= {key: expanded(particles[key]) for key in _FILES & set(particles)}
        config["particles"] = particles
    return _named(config, particles, schema)


def _named(config, section, schema):
    """Return the configuration, its results named after the list of a section unless they have a name already."""
    star = section.get("star") if isinstance(section, dict) else None
    if star and isinstance(star, str) and config.get("name") == schema["properties"]["name"]["default"]:
        return config | {"name": name_after(star)}
    return config


def _with_classes(config, schema):
    """Return the configuration with the short form ``classes: FILE`` written out."""
    classes = _with_file(config.get("classes"), schema["properties"]["classes"])
    if not isinstance(classes, dict):
        return dict(config)
    classes |= {key: expanded(classes[key]) for key in _FILES & set(classes)}
    return _named(dict(config) | {"classes": classes}, classes, schema)


def _with_file(section, schema):
    """Return a section about subtomograms with its short form, a STAR file alone, written out; a tilt axis as text."""
    if isinstance(section, str):
        section = {key: entry["default"] for key, entry in schema["properties"].items()} | {"star": section}
    if not isinstance(section, dict):
        return section
    axis = section.get("tilt_axis")
    if isinstance(axis, (int, float)) and not isinstance(axis, bool):
        return dict(section) | {"tilt_axis": f"{axis:g}"}
    return dict(section)


def expanded(file):
    """Return a file's name with ~ and variables written out, unless a file is called so.

    Parameters
    ----------
    file : object
        What is no text is returned as it is.

    Returns
    -------
    object
    """
    if not isinstance(file, str) or os.path.exists(file):
        return file
    return os.path.expandvars(os.path.expanduser(file))


def name_after(star):
    """Return the name of the results of a list that the configuration gives no name: its file's, without the ending.

    Parameters
    ----------
    star : str or path

    Returns
    -------
    str
        With underscores for the signs that a name may not have.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(star).stem).lstrip("._-") or "list"
    return f"{name}_list" if name.lower() in (*RESERVED_NAMES, "paper", "quick") else name


def _listed(value):
    return value if isinstance(value, list) else [value]


def _completed(config, schema):
    """Return the configuration in which each aligner that is called has the keys that may be left out."""
    known = schema["properties"]["aligners"]["additionalProperties"]["properties"]
    defaults = {key: entry["default"] for key, entry in known.items() if "default" in entry}
    aligners = {name: (defaults if "call" in aligner else {}) | aligner for name, aligner in config["aligners"].items()}
    return config | {"aligners": aligners}


def _typed(value, schema):
    if not schema:
        return value
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        # the schema's order: in which order a file has its keys makes no job run again
        keys = [key for key in known if key in value] + [key for key in value if key not in known]
        return {key: _typed(value[key], known.get(key, others)) for key in keys}
    if isinstance(value, list):
        return [_typed(entry, schema["items"]) for entry in value]
    if schema.get("type") == "integer":
        return int(value)
    return float(value) if schema.get("type") == "number" else value


def _describe(schema, unit=None):
    """Return in words which values a schema allows."""
    kind, unit = schema.get("type"), schema.get("unit", unit)
    known = [value for each in schema.get("anyOf", [schema]) for value in each.get("enum", [])]
    if known:
        return f"one of {', '.join(known)}"
    if kind == "array":
        size = "a list" if schema.get("minItems", 0) == 0 else "a list of at least one"
        size = f"a list of {schema['maxItems']}" if "maxItems" in schema else size
        size += ", none twice" if schema.get("uniqueItems") else ""
        return f"{size}, each {_describe(schema['items'], unit)}"
    if kind in ("number", "integer"):
        words = ["a number" if kind == "number" else "a whole number"]
        bounds = {
            "minimum": "from {} up",
            "exclusiveMinimum": "above {}",
            "maximum": "not above {}",
            "exclusiveMaximum": "below {}",
        }
        words += [text.format(schema[bound]) for bound, text in bounds.items() if bound in schema]
        words += [f"divisible by {schema['multipleOf']}"] if "multipleOf" in schema else []
        words += [f"({unit})"] if unit not in (None, "none") else []
        return " ".join(words)
    if "values" in schema:
        return schema["values"]
    if "pattern" in schema:
        return "a name of letters, digits, dots, dashes and underscores that begins with a letter or digit"
    return {"boolean": "true or false", "object": "a section with keys of its own"}.get(kind, "a text")


def _sentences(error, schema):
    """Yield what a schema error means, in one sentence for each key."""
    path = [step for step in error.absolute_path if isinstance(step, str)]
    section = ".".join(path)
    here = f"{section}." if section else ""
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        for key in error.instance:
            if key in error.schema.get("renamed", {}):
                yield f"{here}{key}: is called {error.schema['renamed'][key]} since version 0.2; write that."
            elif key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                hint = f"did you mean {here}{near[0]}?" if near else f"the keys here are {', '.join(known)}."
                yield f"{here}{key}: there is no such key; {hint}"
        return
    if error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                wanted = _describe(error.schema["properties"][key])
                yield f"{here}{key}: is missing, where {wanted} is needed."
        return
    wanted = schema
    for step in error.absolute_path:
        if "items" not in wanted:
            wanted = wanted.get("properties", {}).get(step) or wanted["additionalProperties"]
        else:
            wanted = {"unit": wanted.get("unit")} | wanted["items"]
    text = wanted.get("type") == "string" and not isinstance(error.instance, (str, dict, list))
    hint = _QUOTES if text else ""
    yield f"{section}: is {_told(error.instance)}, where {_describe(wanted)} is needed{hint}."


def _told(value):
    # YAML makes dates of what looks like one
    return value.isoformat() if isinstance(value, datetime.date) else repr(value)


def _numbers(value, path=()):
    """Yield every number of the configuration with its dotted key."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _numbers(entry, (*path, key))
    elif isinstance(value, list):
        for entry in value:
            yield from _numbers(entry, path)
    elif isinstance(value, float):
        yield ".".join(path), value


def _impossible(config):
    """Yield a sentence for each value that the schema allows and the study does not."""
    if config["name"].lower() in RESERVED_NAMES:
        yield f"name: is {config['name']!r}, which is kept for results of the study's own; choose another."
    for key, value in _numbers(config):
        if math.isnan(value) or (math.isinf(value) and not key.endswith(".snr")):
            yield f"{key}: is {value}, where a finite number is needed."
    if math.isinf(config["averages"]["snr"]):
        yield "averages.snr: is inf, where a finite number is needed: noise alone is averaged too."
    step, guard = config["microscope"]["tilt_step"], config["alignment"]["wedge_guard"]
    for section in _CELLS:
        for interval in _listed(config[section]["interval"]):
            yield from _refusal(f"{section}.interval", check_interval, interval)
        for tilt in _listed(config[section]["tilt"]):
            yield from _refusal(f"{section}.tilt", tilt_angles, tilt, step)
            if tilt <= guard:
                yield f"{section}.tilt: is {tilt:g}, where more than the wedge_guard of {guard:g} is needed."
    scanning = config["scanning"]
    yield from _refusal("scanning.seed_interval", check_interval, scanning["seed_interval"])
    if len(scanning["pairs"]) != len(scanning["interval"]):
        yield (
            f"scanning.pairs: holds {len(scanning['pairs'])} numbers, where one for each of the "
            f"{len(scanning['interval'])} of scanning.interval is needed."
        )
    boxes = config["subtomograms"]
    if boxes["simulation_box"] < boxes["box"]:
        yield (
            f"subtomograms.simulation_box: is {boxes['simulation_box']}, where at least subtomograms.box "
            f"({boxes['box']}) is needed."
        )
    for name in ("particles", "classes"):
        yield from _impossible_tilt(name, config[name]["tilt"], guard)
    yield from _impossible_particles(config["particles"])
    if config["particles"]["star"] and config["classes"]["star"]:
        yield "classes.star: is given beside particles.star, where one of the two is needed."
    edge, low_pass = boxes["box"] * boxes["voxel_size"], config["alignment"]["low_pass"]
    if low_pass > edge:
        yield f"alignment.low_pass: is {low_pass:g} nm, where at most a box's edge of {edge:g} nm is needed."


def _impossible_tilt(name, tilt, guard):
    yield from _refusal(f"{name}.tilt", check_tilt_range, tuple(tilt))
    low, high = tilt
    if 0 < high - low <= 2 * guard:
        yield f"{name}.tilt: spans {high - low:g} degrees, where more than twice alignment.wedge_guard is needed."


def _impossible_particles(section):
    yield from _refusal("particles.interval", check_interval, section["interval"])
    if section["star"] and not section["reference"]:
        yield "particles.reference: is missing, where an MRC file is needed to align the particles to."
    if section["reference"] and not section["star"]:
        yield "particles.star: is missing, where a STAR file of the subtomograms is needed."


def _refusal(key, function, *arguments):
    """Yield why a function of the package refuses its arguments, if it does."""
    try:
        function(*arguments)
    except InputError as error:
        yield f"{key}: {str(error).rstrip('.')}."
