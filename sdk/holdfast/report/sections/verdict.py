"""The head of the page: the verdict in a sentence, what the gate says, and what became of it. Pure."""

from collections.abc import Mapping
from typing import Final

from holdfast.report.document import ReportDocument
from holdfast.report.facts import RunFacts
from holdfast.report.findings import Finding, for_whom, gate_sentence, headline
from holdfast.report.markup import Markup, element, paragraph

TONES: Final[Mapping[str, str]] = {"Pass": "good", "Fail": "bad", "Inconclusive": "unsure"}
SIGNS: Final[Mapping[str, str]] = {"Pass": "✓", "Fail": "✗", "Inconclusive": "?"}
GATE_WORDS: Final[Mapping[str, str]] = {
    "Pass": "The gate lets it pass.",
    "Fail": "The gate refuses it.",
    "Inconclusive": "The gate cannot decide.",
}
_FINDING_TONES: Final = {Finding.BETTER: "good", Finding.WORSE: "bad"}


def render_verdict(document: ReportDocument, facts: RunFacts | None) -> Markup:
    """Return the head."""
    finding, sentence = headline(document)
    tone = TONES[document.verdict]
    return element(
        "header",
        paragraph(_what(document, facts), class_="kicker"),
        element(
            "h1",
            element("span", f"{finding}: ", class_=_FINDING_TONES.get(finding)),
            sentence,
            *_for_whom(document),
            ".",
        ),
        paragraph(
            element(
                "span", f"{SIGNS[document.verdict]} {GATE_WORDS[document.verdict]}", class_=f"tag {tone}"
            ),
            f" {gate_sentence(document)}",
        ),
        _state(document, facts),
        class_=f"verdict {tone}",
    )


def _for_whom(document: ReportDocument) -> list[str]:
    whom, few = for_whom(document)
    tone = "bad" if whom.startswith("worse") else None
    said = [element("span", whom, class_=tone)] if whom else []
    return [part for each in (*said, few) if each for part in ("; ", each)]


def _what(document: ReportDocument, facts: RunFacts | None) -> Markup:
    model = facts.model if facts else ""
    about = (
        element("span", "Retrained model ", element("b", model), ", ")
        if model
        else Markup("Retrained model, ")
    )
    return element("span", about, "run ", element("code", document.run))


def _state(document: ReportDocument, facts: RunFacts | None) -> Markup | None:
    if facts is None or not facts.state:
        return None
    why = f": {facts.why}" if facts.why else ""
    other = ""
    if facts.verdict != document.verdict:
        other = f" The operator's gate says {facts.verdict}: its checks are not those of this report."
    return paragraph(f"The run stands at: {facts.state}{why}.{other}".replace("..", "."), class_="muted")
