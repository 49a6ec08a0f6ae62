"""The hotline tried out: callers and agents drawn by chance meet in the real line, by the real matcher and calendar.

`model` says what is known beforehand, `callers` who calls, `seats` who is at the telephone, `run` lets them meet,
`results` counts. `history` reads from past calls what the model needs, `sizing` finds how many agents are needed.
"""
