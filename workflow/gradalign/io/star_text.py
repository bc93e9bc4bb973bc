"""The text of STAR files: gemmi's parser for what other programs write, and RELION's layout for what is written here.

RELION splits lines at blanks; gemmi parses CIF, which reserves words and knows ASCII alone. What CIF would stumble over
is therefore written as %XX before it is parsed, and read back from there afterwards.
"""

import codecs
import re
from pathlib import Path
from urllib.parse import quote, unquote

from gemmi import cif

from gradalign.base.files import complete_file, no_file
from gradalign.errors import InputError
from gradalign.io.foreign import KNOWN_LISTS, foreign_list

# RELION takes files without this comment for those of older versions
_VERSION = "# version 30001"
_PLAIN = re.compile(r"[^\s'\"#_;$\[\]][^\s'\"]*")
_RESERVED = re.compile(r"(data_|save_|loop_$|stop_$|global_$)", re.IGNORECASE)
# beyond ASCII, and the sign that the others are written with
_FOREIGN = re.compile(r"[^\x00-\x24\x26-\x7f]+")
_NO_TEXT = re.compile("[\ud800-\udfff]")
# a word that CIF reserves where RELION has a value: behind another word of its line, which opens no loop
_WORDS = r"(?:[$_]|(?i:data_|save_|loop_|stop_|global_))"
_VALUE = re.compile(rf"(?<=[ \t]){_WORDS}")
_SUSPECT = re.compile(rf"^[ \t]*(?:\$|\S+[ \t](?:.*[ \t])?{_WORDS}).*$", re.MULTILINE)
# a row whose first value looks like the head of a table, which stands alone in its line
_ROW = re.compile(r"^[ \t]*(?:data_|save_)\S*[ \t]+(?!loop_)[^#\s_].*$", re.IGNORECASE | re.MULTILINE)
_WORD = re.compile(r"\"[^\"\n]*\"(?=\s|$)|'[^'\n]*'(?=\s|$)|\S+")
_LONGEST_SHOWN = 60
# values by which it is judged whether a column repeats itself
_SOME = 1000
# a file that begins where two were joined
_JOINT = re.compile(r"^\ufeff(?=\s*(?:data_|#|$))", re.MULTILINE)
# RELION splits lines at them, too
_BLANKS = {ord("\v"): " ", ord("\f"): " "}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
# look like a blank and are none
_NO_BLANK = re.compile("[\u00a0\u2000-\u200b\u202f\u3000\ufeff]")
# how lines begin that are no rows, what a row may begin with, and a text of several lines
_HEADS = "_#dDlL"
_HIDING = re.compile(r"#[^#]")
_TEXT_FIELD = re.compile(r"^;", re.MULTILINE)
_UNDERSCORE = "begins with an underscore in the rows of a table, where a value in quotes is needed"


def _content(path):
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise no_file(path, "a STAR file") from error


def _decoded(path, content):
    """Return a file's text; bytes that are no UTF-8 are kept, so that names of files stay those of the disk."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: is no readable STAR file ({error.reason})") from error
    else:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    return _JOINT.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).translate(_BLANKS)


def _escaped(match):
    return quote(match[0], safe="", errors="surrogateescape")


def _first_escaped(match):
    return f"%{ord(match[0][0]):02X}{match[0][1:]}"


def _line_escaped(match):
    line = match[0]
    first = line.split(maxsplit=1)[0].lower()
    if first == "loop_" or first.startswith("#"):
        return line
    start = len(line) - len(line.lstrip())
    head, tail = line[: start + 1], line[start + 1 :]
    if line[start] == "$" or _ROW.match(line):
        head = f"{line[:start]}%{ord(line[start]):02X}"
    return head + _VALUE.sub(_first_escaped, tail)


def _armoured(text):
    text = _FOREIGN.sub(_escaped, text)
    text = _SUSPECT.sub(_line_escaped, text)
    return _ROW.sub(_line_escaped, text)


def _plain(text):
    """Return a value as it was before it was armoured."""
    if text[0] in "'\";":
        text = cif.as_string(text)
    return unquote(text, errors="surrogateescape") if "%" in text else text


def _shown(text):
    text = " ".join(unquote(text, errors="surrogateescape").split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} ..."


def _odd_row(text):
    """Return in words the first row with more or fewer values than its loop has columns, if there is one.

    CIF counts values whatever line they stand in, and takes for a comment what begins with #; RELION goes line by line.
    """
    columns, begun, ended, quotes = None, False, False, "'" in text or '"' in text
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split()
        # nearly all lines of a long list
        if begun and len(words) == columns and words[0][0] not in _HEADS and "#" not in line and not quotes:
            continue
        first, alone = words[0].lower() if words else "", len(words) == 1 or words[1:] and words[1].startswith("#")
        if first == "loop_" or first.startswith("data_") and alone:
            columns = sum(word.startswith("_") for word in words) if first == "loop_" else None
            begun = ended = False
        elif not first:
            # RELION reads no further
            ended = begun
        elif columns is not None and first[0] == "_":
            if begun or not alone:
                return f"line {number}, {_shown(line)!r}, {_UNDERSCORE}"
            columns += 1
        elif columns and not (ended and first[0] == "#"):
            odd = _odd_words(number, line, columns)
            if odd:
                return odd
            begun = begun or first[0] != "#"
    return ""


def _odd_words(number, line, columns):
    """Return in words what is wrong with the number of values in a line, if anything."""
    words = _WORD.findall(line)
    if words[0].startswith("#"):
        if len(words) != columns or not _HIDING.match(words[0]):
            return ""
        return (
            f"line {number}, {_shown(line)!r}, begins with {_shown(words[0])!r}, which is a value to RELION and a "
            "comment to others; put it in quotes, or a blank behind the # of a comment"
        )
    # a comment starts a word
    words = words[: next((place for place, word in enumerate(words) if word.startswith("#")), len(words))]
    if len(words) != columns:
        hidden = _NO_BLANK.search(unquote(line, errors="surrogateescape"))
        return f"line {number}, {_shown(line)!r}, has {len(words)} values, where its table has {columns} columns" + (
            f"; its sign U+{ord(hidden[0]):04X} is no blank" if hidden else ""
        )
    quoted = next((word for word in words if word[0] in "'\"" and (len(word) < 2 or word[-1] != word[0])), None)
    return f"line {number} has the value {_shown(quoted)}, whose quotation mark does not end" if quoted else ""


def _odd_sign(text):
    """Return in words the first sign that belongs into no list, if there is one."""
    found = _CONTROL.search(text)
    return f"line {text.count(chr(10), 0, found.start()) + 1} holds the control character {found[0]!r}" if found else ""


def _reason(error, text):
    twice = re.search(r"duplicate block name: (\S*)", str(error))
    if twice:
        name = twice[1] and _plain(twice[1])
        return f"has the table data_{name} twice, as where lists were joined; put all rows into one table"
    odd = _odd_sign(text)
    if odd:
        return odd
    found = re.search(r":(\d+):(\d+)\((\d+)\): (.*)", " ".join(str(error).split()))
    if found and "expected block header" in found[4]:
        line = _shown(text.split(chr(10))[int(found[1]) - 1])
        return f"line {found[1]} is {line!r}, where data_ and a name begin a table; {KNOWN_LISTS}"
    row = _odd_row(text)
    if row:
        return row
    if found and 0 < int(found[1]) <= text.count("\n") + 1:
        return f"line {found[1]}, {_shown(text.split(chr(10))[int(found[1]) - 1])!r}: {found[4]}"
    return " ".join(str(error).split())


def read_tables(path):
    """Read all tables of a STAR file.

    Parameters
    ----------
    path : str or path
        UTF-8, with or without a byte-order mark, or UTF-16; lines may end as on Windows or an old Macintosh.

    Returns
    -------
    dict of str to dict of str to list of str
        By the table's name without ``data_``, the entries of each column by its label without the underscore.

    Raises
    ------
    InputError
        If the file is missing or no STAR file: one sentence with the line.
    """
    content = _content(path)
    foreign = foreign_list(content)
    if foreign:
        raise InputError(f"{path}: is {foreign[0]}, where a STAR file is needed; {foreign[1]}")
    text = _decoded(path, content)
    armoured = _armoured(text)
    try:
        document = cif.read_string(armoured)
        found = {block.name.strip(): _table(block) for block in document}
    except (ValueError, RuntimeError) as error:
        raise InputError(f"{path}: is no readable STAR file ({_reason(error, armoured)})") from error
    for block in document:
        _check_one_kind(path, block, text)
    odd = "" if _TEXT_FIELD.search(armoured) else _odd_row(armoured)
    if odd:
        raise InputError(f"{path}: is no readable STAR file ({odd})")
    return found


def _check_one_kind(path, block, text):
    """Say so if a row of a loop was taken for a value of its own, for it begins with an underscore."""
    if any(item.loop is not None for item in block):
        for item in block:
            if item.pair is not None:
                label = _plain(item.pair[0])
                for number, line in enumerate(text.split("\n"), start=1):
                    if line.split()[:1] == [label]:
                        raise InputError(
                            f"{path}: is no readable STAR file (line {number}, {_shown(line)!r}, {_UNDERSCORE})"
                        )


def _table(block):
    table = {}
    for item in block:
        if item.loop is not None:
            # column by column: all values of a long list at once would be as large again
            for tag in item.loop.tags:
                table[_plain(tag[1:])] = _column(block.find_values(tag))
        elif item.pair is not None:
            table[_plain(item.pair[0][1:])] = [_plain(item.pair[1])]
    return table


def _column(values):
    """Return a column as plain texts; where they repeat, each is kept once."""
    some = {values[row] for row in range(min(len(values), _SOME))}
    if 2 * len(some) > min(len(values), _SOME):
        return [_plain(text) for text in values]
    known = {}
    return [known[text] if text in known else known.setdefault(text, _plain(text)) for text in values]


def table_text(name, table):
    """Return one table of a STAR file as RELION lays it out, columns numbered in comments.

    Parameters
    ----------
    name : str
        Without ``data_``.
    table : dict of str to sequence of str
        Columns by label, without the leading underscore.

    Returns
    -------
    str
    """
    return "".join(_lines(name, table))


def _lines(name, table):
    yield f"{_VERSION}\n\ndata_{name}\n\nloop_\n"
    for number, label in enumerate(table, start=1):
        yield f"_{label} #{number}\n"
    for row in zip(*table.values(), strict=True):
        yield " ".join([_entry(str(value)) for value in row]) + "\n"
    yield "\n"


def write_tables(path, tables):
    """Write a STAR file row by row.

    Parameters
    ----------
    path : str or path
        The file; an existing one is replaced once the new one is complete.
    tables : dict of str to dict of str to sequence of str
        As of `table_text`, by name.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    # names of files may hold bytes that are no text
    with (
        complete_file(path) as partial,
        open(partial, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file,
    ):
        for name, table in tables.items():
            file.writelines(_lines(name, table))


def _entry(text):
    """Return an entry as it stands in a STAR file; in quotes only if it must be, for not all readers know them."""
    if _PLAIN.fullmatch(text) and not _RESERVED.match(text):
        return text
    # gemmi takes no bytes that are no text, which change nothing about the quotes
    shown = _NO_TEXT.sub("?", text)
    return cif.quote(shown).replace(shown, text)
