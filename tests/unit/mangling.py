"""Files as a bad disk, a wrong program or a hasty hand leaves them, for Hypothesis."""

import struct

from hypothesis import strategies as st

BITS = [
    "nan",
    "inf",
    "1e400",
    "-",
    "'",
    '"',
    ";",
    "#",
    "_",
    "loop_",
    "data_",
    "data_particles",
    "\n",
    " ",
    "\t",
    "\0",
    "é",
    "stop_",
    "?",
    ".",
]


@st.composite
def mangled_text(draw, text):
    """Lines and signs of a text cut, dropped, doubled, swapped, put in and replaced."""
    for _ in range(draw(st.integers(1, 4))):
        lines = text.split("\n")
        line = draw(st.integers(0, max(len(lines) - 1, 0)))
        how = draw(st.sampled_from(["cut", "drop", "double", "swap", "insert", "replace"]))
        if how == "cut":
            text = text[: draw(st.integers(0, len(text)))]
        elif how == "drop":
            text = "\n".join(lines[:line] + lines[line + 1 :])
        elif how == "double":
            text = "\n".join(lines[: line + 1] + lines[line:])
        elif how == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[line], lines[other] = lines[other], lines[line]
            text = "\n".join(lines)
        else:
            place = draw(st.integers(0, len(text)))
            bit = draw(st.one_of(st.sampled_from(BITS), st.text(max_size=3)))
            text = text[:place] + bit + text[place + (len(bit) if how == "replace" else 0) :]
    return text


def mangling(length):
    """Return places and bytes to write there, for an MRC file of some length."""
    return st.lists(
        st.one_of(
            st.tuples(st.integers(0, 255), st.binary(min_size=1, max_size=4)),
            st.tuples(st.integers(0, length), st.binary(min_size=1, max_size=8)),
            # the words of the header that tell shape, mode, cell, and where the data begin
            st.tuples(
                st.sampled_from([0, 4, 8, 12, 28, 32, 36, 40, 88, 92, 208, 212]),
                st.integers(-3, 400).map(lambda n: struct.pack("<i", n)),
            ),
        ),
        max_size=3,
    )


def mangled_bytes(raw, changes, cut=None):
    """Return a file with bytes written at some places, up to where it is cut off."""
    raw = bytearray(raw)
    for start, bits in changes:
        raw[start : start + len(bits)] = bits
    return bytes(raw[:cut])
