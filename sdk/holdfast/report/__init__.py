"""The report on a candidate, for the person who has to agree: JSON, a page, Markdown and a model card. Pure.

The evaluator puts it into the package; the command line renders the same page together with the run.
"""
