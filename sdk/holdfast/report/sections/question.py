"""What started the run, and what is asked of the person who reads, with the exact commands. Pure."""

import shlex

from holdfast.report.document import ReportDocument, Trigger
from holdfast.report.facts import Question, RunFacts
from holdfast.report.markup import Markup, element, join, paragraph, section

_TRIGGERS = {
    "Drift": "The input or output of the model has drifted.",
    "Performance": "Labels show that the model has become worse.",
    "Schedule": "It was time, by the schedule.",
    "Data": "The training data has changed.",
    "Code": "The trainer has changed.",
    "Alert": "An alert fired.",
    "Signal": "An outside signal asked for it.",
    "Manual": "A person started it.",
}


def render_trigger(trigger: Trigger | None, requester: str | None) -> Markup | None:
    """Return why the run was started."""
    if trigger is None:
        return None
    evidence = (join((element("dt", name), element("dd", value))) for name, value in trigger.evidence.items())
    return section(
        "trigger",
        "What started it",
        paragraph(
            element("b", _TRIGGERS.get(trigger.type, trigger.type)),
            f" {trigger.reason}" if trigger.reason else None,
            f" Started by {requester}." if requester else None,
        ),
        element("dl", *evidence) if trigger.evidence else None,
    )


def render_question(document: ReportDocument, facts: RunFacts | None) -> Markup:
    """Return what is asked, or that nothing is."""
    if facts is None:
        return section("ask", "What is asked of you", *_unknown(document))
    asked = facts.question
    if asked is not None and asked.decision is None and not facts.is_finished:
        return section("ask", "What is asked of you", *_open(facts, asked))
    return section("ask", "What was asked", *_answered(asked))


def _open(facts: RunFacts, asked: Question) -> list[Markup]:
    until = f"Asked at {asked.requested_time}; without an answer by {asked.expire_time} the champion stays."
    eyes = (
        f" Four eyes: {facts.requester or 'whoever started the run'} may not answer."
        if asked.four_eyes
        else ""
    )
    return [
        paragraph("Decide whether this model replaces the one that serves. ", until, eyes),
        *commands(facts.name, facts.namespace),
    ]


def _unknown(document: ReportDocument) -> list[Markup]:
    if document.verdict == "Fail":
        return [
            paragraph(
                "Nothing: a candidate that the gate refuses is never rolled out. The champion keeps serving."
            )
        ]
    when = (
        "The gate could not decide, so a person has to"
        if document.verdict == "Inconclusive"
        else "Nothing, unless the policy wants a person to agree (spec.approval.mode: Manual)"
    )
    return [paragraph(f"{when}. If the run waits for an answer:"), *commands(document.run, "")]


def _answered(asked: Question | None) -> list[Markup]:
    if asked is None:
        return [paragraph("Nothing: no person had to agree.")]
    if asked.decision is None:
        return [paragraph(f"A person was asked at {asked.requested_time}; the run ended without an answer.")]
    if asked.decision == "Expired":
        return [paragraph(f"A person was asked, but nobody answered by {asked.expire_time}.")]
    by = f"{asked.decision} by {asked.approver or 'a person'}{f' at {asked.time}' if asked.time else ''}."
    said = [paragraph("“", asked.comment, "”")] if asked.comment else []
    return [paragraph(element("b", by)), *said]


def commands(run: str, namespace: str) -> list[Markup]:
    """Return the commands that answer a run, to be copied as they are."""
    name = shlex.quote(run)
    where = f" -n {shlex.quote(namespace)}" if namespace else ""
    answers = "\n".join(
        f"kubectl holdfast {verb} {name}{where} --comment 'why'" for verb in ("approve", "reject")
    )
    patch = (
        f"kubectl patch retrainrun {name}{where} --type merge -p "
        '\'{"spec": {"approval": {"decision": "Approved", "approver": "YOUR-USER-NAME", "comment": "why"}}}\''
    )
    return [
        element("pre", element("code", answers)),
        element(
            "details",
            element("summary", "Without the command line, or from GitOps"),
            paragraph("YOUR-USER-NAME is what kubectl auth whoami says. To say no, write Rejected."),
            element("pre", element("code", patch)),
        ),
    ]
