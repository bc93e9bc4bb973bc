"""Write docs/results.md from the reference and docs/results.template.md."""

import sys
from pathlib import Path

from gradalign.errors import InputError
from gradalign.report.results_page import results_document

ROOT = Path(__file__).parents[2]

if __name__ == "__main__":
    try:
        text = results_document(ROOT / "results" / "reference", ROOT / "docs" / "results.template.md")
    except InputError as error:
        sys.exit(str(error))
    (ROOT / "docs" / "results.md").write_text(text, encoding="utf-8")
    print("docs/results.md written from results/reference")
