"""Tables as pages of HTML that stand by themselves: nothing is fetched from anywhere."""

from html import escape
from pathlib import Path

from gradalign.base.files import complete_file

_STYLE = """
body { font: 14px/1.45 sans-serif; color: #1a1a1a; background: #fff; margin: 1.5em; max-width: 110em; }
h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin: 1.6em 0 0.4em; } p { max-width: 60em; }
table { border-collapse: collapse; } td, th { padding: 0.3em 0.7em; text-align: left; vertical-align: top; }
th { border-bottom: 1.5px solid #1a1a1a; } td { border-bottom: 1px solid #d5d5d5; }
table.numbers td { white-space: nowrap; text-align: right; } table.numbers td:first-child { text-align: left; }
.good { background: #d9ecf8; } .bad { background: #fbe0cf; } .open { color: #5f5f5f; }
"""
# a click on a column's title sorts by it, numbers by their value, blanks last
_SORTING = """
<style>table.sortable th { cursor: pointer; text-decoration: underline dotted; }</style>
<script>
for (const table of document.querySelectorAll("table")) {
  table.classList.add("sortable");
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((title, place) => {
    let direction = -1;
    title.addEventListener("click", () => {
      direction = -direction;
      const key = row => row.cells[place].textContent;
      const compare = (a, b) => {
        const [x, y] = [parseFloat(key(a)), parseFloat(key(b))];
        if (isNaN(x) && isNaN(y)) return direction * key(a).localeCompare(key(b));
        return isNaN(x) ? 1 : isNaN(y) ? -1 : direction * (x - y);
      };
      [...body.rows].sort(compare).forEach(row => body.append(row));
    });
  });
}
</script>"""
# endings and verdicts that colour a cell
_CLASSES = {"▼": "good", "▲": "bad", "holds": "good", "does not hold": "bad"}
_CLASSES |= {"undecided": "open", "not measured": "open"}


def write_page(path, title, caption, parts, sortable=False):
    """Write tables as one HTML page.

    Parameters
    ----------
    path : str or path
    title, caption : str
    parts : list of (str, list of str, list of list of str)
        Title, column titles and lines of each table; cells of text that is long are broken, those of numbers are not.
    sortable : bool
        Whether a click on a column's title sorts the table by it.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    body = [f"<h1>{escape(title)}</h1>", f"<p>{escape(caption)}</p>"]
    for heading, header, lines in parts:
        body += [f"<h2>{escape(heading)}</h2>", _table(header, lines)]
    text = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(body) + _SORTING * sortable + "\n</body></html>\n"
    )
    with complete_file(path) as partial:
        # names of files may hold bytes that are no text
        Path(partial).write_text(text, encoding="utf-8", errors="replace")


def _table(header, lines):
    numbers = max((len(text) for line in lines for text in line), default=0) < 40
    head = "".join(f"<th>{escape(text)}</th>" for text in header)
    rows = ("".join(_cell(text) for text in line) for line in lines)
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    kind = "numbers" if numbers else "words"
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>'


def _cell(text):
    kind = _CLASSES.get(text) or _CLASSES.get(text[-1:])
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"


def frame_part(title, table):
    """Return a table of data as `write_page` takes it.

    Parameters
    ----------
    title : str
    table : pandas.DataFrame

    Returns
    -------
    (str, list of str, list of list of str)
        Numbers with four significant digits, dashes for what there is not.
    """
    lines = [[_short(value) for value in row] for row in table.itertuples(index=False)]
    return title, [name.replace("_", " ") for name in table.columns], lines


def _short(value):
    if value == "" or value != value:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
