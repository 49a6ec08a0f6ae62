"""Who would get a request that is passed on: shown to the agent before it is.

Contract for the form. The answer of `POST /agent/calls/{id}/responsible {office, family_name, request_type}` is::

    {"key": "falke@jobcenter.example" | "team",   who gets it by the rule
     "name": "Frau Falke", "rule": "Stadthagen, Buchstaben A bis K, alle Anliegen", "team": false,
     "due": "Dienstag, 24. November 2026, 18 Uhr",
     "sms": false,                                 whether receipts can be sent by short message
     "choices": [{"key": …, "name": …, "absent": false}, …, {"key": "team", "name": "Team-Postfach", "absent": false}]}

`request_type` may be left out: then it is the call's. Nothing is stored. `absent` means: away on the day by which the
answer is due.

The disposition `forwarded` then takes two further values: `responsible`, empty to follow the rule or the `key` of a
choice, and `responsible_reason` (at most 500 characters), required as soon as that is not who the rule says; and where
short messages are possible `sms`, "yes" when the caller has agreed to get receipt number and due day at the telephone
number of the form, which must be a mobile one. Findings come under these names.
"""

from aiohttp import web

from hotline.web.keys import USER, site
from hotline.web.problems import Problem
from hotline.web.reading import json_body, optional_text, path_word, text

NAME_LENGTH = 200


async def who(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/responsible {office, family_name, request_type}"""
    body, config = await json_body(request), site(request).config
    office, name = text(body, "office", NAME_LENGTH), text(body, "family_name", NAME_LENGTH)
    key = optional_text(body, "request_type", NAME_LENGTH)
    if key is not None and key not in {known.key for known in (*config.request_types, config.unclear)}:
        raise Problem(422, "Diese Art von Anliegen gibt es nicht.", {"request_type": "Bitte wählen Sie aus der Liste."})
    found = site(request).services.promises.who(request[USER].name, path_word(request), office, name, key)
    return web.json_response(dict(found))
