"""Tables as Markdown."""


def markdown_table(header, lines):
    """Return a Markdown table, its first column to the left and the others to the right.

    Parameters
    ----------
    header : list of str
    lines : list of list of str

    Returns
    -------
    str
    """
    ruled = [header, ["---", *["---:"] * (len(header) - 1)], *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in ruled)
