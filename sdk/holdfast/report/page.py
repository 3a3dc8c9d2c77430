"""The page: one file of HTML that loads nothing, runs nothing and shows everything. Pure."""

from importlib.resources import files
from typing import Final

from holdfast.release import VERSION
from holdfast.report.document import ReportDocument
from holdfast.report.facts import RunFacts
from holdfast.report.markup import Markup, element, join
from holdfast.report.sections.checks import render_checks
from holdfast.report.sections.data import render_data_report
from holdfast.report.sections.distributions import render_distributions, render_importance
from holdfast.report.sections.groups import render_groups
from holdfast.report.sections.provenance import render_data, render_metrics, render_record
from holdfast.report.sections.question import render_question, render_trigger
from holdfast.report.sections.verdict import render_verdict

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Even if a name got past the escaping, the browser would neither run it nor load anything for it."""

STYLE: Final = files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def render_page(document: ReportDocument, facts: RunFacts | None = None) -> bytes:
    """Return ``report.html`` of what was measured, and of the run as far as it is known."""
    trigger = document.trigger or (facts.trigger if facts else None)
    body = element(
        "div",
        render_verdict(document, facts),
        element(
            "main",
            render_trigger(trigger, facts.requester if facts else None),
            render_question(document, facts),
            render_checks(document),
            render_groups(document),
            render_distributions(document),
            render_importance(document.importance),
            render_metrics(document),
            render_data_report(document.data),
            render_data(document, facts),
            render_record(document, facts),
        ),
        element("footer", _origin(facts)),
        class_="page",
    )
    page = element("html", _head(document), element("body", body), lang="en")
    return f"<!doctype html>\n{page}\n".encode()


def _head(document: ReportDocument) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{document.verdict}: {document.run}"),
        element("style", Markup(STYLE)),
    )


def _origin(facts: RunFacts | None) -> Markup:
    source = (
        "report.json of the candidate's package and the RetrainRun"
        if facts
        else "what the evaluator measured; the RetrainRun says what became of it"
    )
    return join(
        (f"Made by Holdfast {VERSION} from {source}. ", "Intervals: paired bootstrap over groups of rows.")
    )
