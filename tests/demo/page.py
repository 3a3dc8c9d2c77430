"""The page of a run: picture, table and timeline in one HTML file that needs nothing else."""

from html import escape

from tests.demo.journal import Journal
from tests.demo.results import JUDGED_MONTH, Results
from tests.demo.table import HEADINGS, headings_of, lines_of

_STYLE = """
:root { color-scheme: light; --ink: #1f2933; --grey: #616e7c; --line: #e4e7eb; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
p.lead { color: var(--grey); margin-top: 0; max-width: 48rem }
svg { width: 100%; height: auto }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
tr.sum td { font-weight: 600 }
ol { list-style: none; padding: 0 } li { display: flex; gap: 1rem; padding: .15rem 0 }
time { color: var(--grey); flex: 0 0 6.5rem; font-variant-numeric: tabular-nums }
"""


def render_page(journal: Journal, results: Results, svg: str) -> str:
    """Return the page."""
    served, unchanged = results.served[JUDGED_MONTH], results.unchanged[JUDGED_MONTH]
    lead = (
        "Trained on January to March 2011, the model is asked for every hour from April on. "
        f"Left alone it would be wrong by {unchanged:.0f} bikes an hour in June; "
        f"retrained by Holdfast it is wrong by {served:.0f}. "
        f"{results.requests:,} requests, {results.failed} failed, {results.seconds:.0f} seconds."
    )
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast: a model of winter meets summer</title>
<style>{_STYLE}</style>
<h1>A model of winter meets summer</h1>
<p class="lead">{escape(lead)}</p>
{svg}
<h2>Mean error in bikes per hour, in the months after each revision began to serve</h2>
{_table(results)}
<h2>What happened</h2>
<ol>{_timeline(journal)}</ol>
</html>
"""


def _table(results: Results) -> str:
    lines = lines_of(results)
    heading = _line("th", headings_of(results))
    body = "".join(_line("td", line, "sum" if at >= len(lines) - 2 else "") for at, line in enumerate(lines))
    return f"<table><thead>{heading}</thead><tbody>{body}</tbody></table>"


def _line(tag: str, texts: list[str], style: str = "") -> str:
    cells = (
        f"<{tag} class={'number' if index >= len(HEADINGS) else 'word'}>{escape(text)}</{tag}>"
        for index, text in enumerate(texts)
    )
    return f"<tr class='{style}'>{''.join(cells)}</tr>"


def _timeline(journal: Journal) -> str:
    return "".join(
        f"<li><time>{escape(told.hour[:10])}</time><span>{escape(told.text)}</span></li>"
        for told in journal.moments
    )
