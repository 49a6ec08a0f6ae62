"""What `hotline run` says when everything runs: whether it is open, where the pages are, how to log in."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from config.schema import HotlineConfig
from dialplan.conf import host_port
from hotline.state import LEAD_ACCOUNT, Secrets, StateDirectory
from routing.hours import Calendar, Opening
from routing.numbers import NumberPlan

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_INTO_THE_DAY = timedelta(hours=1)
"""The suggested time lies so long after opening."""


def welcome(
    config: HotlineConfig,
    secrets: Secrets,
    now: datetime,
    moved: bool,
    state: StateDirectory,
    program: str,
    initial: Collection[str],
    told: Sequence[str] = (),
) -> str:
    """The last lines of the start; `now` is business time, `program` how `hotline` was called.

    `initial` are the users who have not chosen a password of their own yet, `told` what has become of other accounts.
    """
    web, sip = config.network.web, config.network.sip
    lines = ["", *_time(config, now, moved), ""]
    lines += [f"Number      {_number(config)}, SIP on {host_port(sip.host, sip.port)}"]
    if config.mail.demo_mailbox:
        lines += [f"Mails       {state.mailbox}"]
    lines += [f"Try a call  {program} testcall --state {state.path} --press 4"]
    lines += [f"End it      Ctrl-C, or without cutting anybody off: {program} drain --state {state.path}", ""]
    lines += [f"Pages       http://{host_port(web.host, web.port)}", ""]
    if told:
        lines += ["What has become of accounts:", *(f"  {sentence}" for sentence in told), ""]
    return "\n".join([*lines, *_logins(config, secrets, initial, program), ""])


def _number(config: HotlineConfig) -> str:
    plan = NumberPlan(config.hotline.country_code, config.hotline.area_code)
    number = plan.entered(config.hotline.number)
    return config.hotline.number if number is None else plan.display(number)


def _time(config: HotlineConfig, now: datetime, moved: bool) -> list[str]:
    zone = ZoneInfo(config.hotline.timezone)
    opening = Calendar(config).opening(now)
    lines = [f"For callers it is {_told(now.astimezone(zone))} (moved by AT=)."] if moved else []
    return [*lines, *_closed(opening, zone)]


def _closed(opening: Opening, zone: ZoneInfo) -> list[str]:
    if opening.open:
        return ["The hotline is open."]
    if opening.next_open is None:
        return ["The hotline is CLOSED and does not open within the next year: see `hours` in the configuration."]
    opens = opening.next_open.astimezone(zone)
    trial = (opens + _INTO_THE_DAY).strftime("%Y-%m-%dT%H:%M")
    why = opening.reason.value.replace("_", " ")
    return [f"The hotline is CLOSED ({why}) and opens {_told(opens)}.", f"Try it now: make run AT={trial}"]


def _told(moment: datetime) -> str:
    return f"{_WEEKDAYS[moment.weekday()]} {moment:%Y-%m-%d %H:%M}"


def _logins(config: HotlineConfig, secrets: Secrets, initial: Collection[str], program: str) -> list[str]:
    people = {agent.name: agent.full_name for agent in config.agents} | {LEAD_ACCOUNT: "Leitung"}
    shown = {name: full for name, full in people.items() if name in initial and name in secrets.initial_passwords}
    if not shown:
        return [f"Log in with name and password; a new password for somebody: {program} user password NAME"]
    width = max(map(len, shown)) + 2
    rows = [f"  {name:<{width}}{secrets.initial_passwords[name]}   {full}" for name, full in shown.items()]
    return ["Log in with name and initial password, which must be changed then:", *rows]
