"""The outside world, played locally on the partners' true wire protocols, faults included.

Independent of `connectors` on purpose: both are written from the protocol documents, so that one bug cannot hide on
both sides. Its books are the judge in every reliability test.
"""
