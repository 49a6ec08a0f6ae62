"""The shape of `hotline.yaml`: every key an admin may write, with its unit and its default.

All models are frozen and refuse unknown keys. Rules that span several keys (a skill nobody has,
a key used twice) live in `config/checks.py`; reading a file with line numbers in `config/loading.py`.
"""

import re
import unicodedata
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


class Section(BaseModel):
    """One mapping of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _refuse_unquoted_number(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError("write it in quotes: YAML reads an unquoted number and drops its leading zeros")
    return value


def _digits_only(value: str) -> str:
    compact = "".join(ch for ch in value if ch not in " /-()")
    if not compact.removeprefix("+").isdecimal() or not compact.isascii():
        raise ValueError('only digits, a leading "+", spaces, "/", "-" and brackets are allowed')
    return compact


def _inner_number(value: str) -> str:
    if not re.fullmatch("[1-9][0-9]{1,3}", value):
        raise ValueError("write an extension of two to four digits; a leading 0 belongs to numbers outside")
    return value


def _called_pattern(value: str) -> str:
    compact = "".join(ch for ch in value if ch not in " /-()")
    if not compact or not compact.isascii() or set(compact.removeprefix("+")) - set("0123456789X"):
        raise ValueError('only digits, a leading "+", "X" for any one digit, spaces, "/" and "-" are allowed')
    return compact


def _interval(value: Any) -> Any:
    if isinstance(value, str):
        start, dash, end = (part.strip() for part in value.partition("-"))
        if not dash:
            raise ValueError('write an interval as "08:00-18:00"')
        return {"start": start, "end": end}
    return value


def _clock_time(value: Any) -> Any:
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?", value):
        raise ValueError('write times in quotes with two digits each, as "08:00" or "17:59:30"')
    try:
        return time.fromisoformat(value)
    except ValueError:
        raise ValueError(f'there is no time "{value}"; a day goes from "00:00" to "23:59:59"') from None


def _day(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("write a day as year-month-day, as 2026-12-24")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"there is no day {value}") from None


def _local_moment(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}", value):
        raise ValueError('write day and time without an offset, as "2026-11-23T12:00"')
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"there is no moment {value}") from None


def _number(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError("write a number, without quotes")
    return value


def _one_line(value: str) -> str:
    line = " ".join(value.split())
    if any(unicodedata.category(ch) in ("Cc", "Cs") for ch in line):
        raise ValueError("control characters are not allowed")
    return line


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
"""A short name used in files, URLs and logs: lower-case letters, digits, "-" and "_"."""
PhoneNumber = Annotated[str, BeforeValidator(_refuse_unquoted_number), AfterValidator(_digits_only)]
"""A telephone number as people write it, compacted to digits with an optional leading "+"."""
CalledPattern = Annotated[str, BeforeValidator(_refuse_unquoted_number), AfterValidator(_called_pattern)]
"""One way in which a gateway writes a number of ours; "X" stands for any one digit."""
Key = Annotated[str, BeforeValidator(_refuse_unquoted_number), StringConstraints(pattern=r"^[0-9]$")]
"""A key of the telephone's keypad that a menu entry answers to."""
InnerNumber = Annotated[str, BeforeValidator(_refuse_unquoted_number), AfterValidator(_inner_number)]
"""An extension inside the hotline: two to four digits; a leading 0 belongs to numbers outside."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=600, strip_whitespace=True), AfterValidator(_one_line)]
"""Words for people; line breaks become spaces."""
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$", max_length=254)]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]+$")]
Whole = Annotated[int, BeforeValidator(_number)]
Decimal = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
Seconds = Annotated[Whole, Field(ge=1, le=86_400)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]
Day = Annotated[date, BeforeValidator(_day)]
LocalMoment = Annotated[datetime, BeforeValidator(_local_moment)]
"""Day and time in the hotline's time zone, without an offset."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Interval(Section):
    """Half-open span of one day, `start <= t < end`, in the hotline's time zone."""

    start: ClockTime
    end: ClockTime


class Hotline(Section):
    """Who we are and under which number we are reached."""

    id: Name
    name: Text
    number: PhoneNumber
    country_code: Annotated[
        str, BeforeValidator(_refuse_unquoted_number), StringConstraints(pattern=r"^[1-9]\d{0,2}$")
    ] = "49"
    area_code: Annotated[str, BeforeValidator(_refuse_unquoted_number), StringConstraints(pattern=r"^[1-9]\d{0,5}$")]
    """Area code without its leading zero; completes local numbers."""
    timezone: str = "Europe/Berlin"
    public_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$")] = "http://127.0.0.1:8080"
    """Address under which agents and case workers reach the pages; used for links in mails."""


class Office(Section):
    key: Name
    name: Text


class Closure(Section):
    """Days, or part of one day, on which the hotline is closed although the week says open."""

    start: Annotated[Day, Field(alias="from")]
    end: Annotated[Day | None, Field(alias="to")] = None
    """Last day, included; the first day alone when left out."""
    hours: Annotated[Interval | None, BeforeValidator(_interval)] = None
    """Only this part of each day; whole days when left out."""
    every_year: bool = False
    reason: Text
    announcement: Text | None = None
    """What callers hear instead of `texts.closed_closure`; when we open next follows by itself."""


class Holidays(Section):
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "DE"
    subdivision: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,3}$")] = "NI"


class Hours(Section):
    """When the hotline answers."""

    week: dict[Weekday, list[Annotated[Interval, BeforeValidator(_interval)]]]
    holidays: Holidays = Holidays()
    closures: list[Closure] = []


class Emergency(Section):
    """An announcement that every caller hears first, also while we are closed."""

    text: Text
    until: LocalMoment
    """From then on it is not heard any more."""


class Menu(Section):
    silence_seconds: Annotated[Whole, Field(ge=2, le=15)] = 5
    """Silence after the last prompt that leads to a person."""
    retries: Annotated[Whole, Field(ge=0, le=3)] = 1
    """Further tries after a wrong key, before a person is rung."""


class HouseholdNumber(Section):
    """The number of the Bedarfsgemeinschaft, entered by keypad."""

    min_digits: Annotated[Whole, Field(ge=1, le=20)] = 6
    max_digits: Annotated[Whole, Field(ge=1, le=20)] = 12


class Then(StrEnum):
    """What becomes of a caller for whom a limit of the waiting is reached. A callback is offered in any case."""

    OFFER = "offer"
    """Whoever does not want it goes on waiting."""
    END = "end"
    """Whoever does not want it is told so, and the call ends."""


class Line(Section):
    """How long callers wait and what they hear meanwhile. All times in seconds."""

    position_every_seconds: Seconds = 60
    expected_wait: bool = True
    """How long it will take is said beside the position, in rounded words, from the pace of the last half hour."""
    keep_place: bool = True
    """Whoever waits can press the star key, hang up, and be called back when it would have been their turn."""
    nobody_ready_seconds: Seconds = 60
    """Nobody logged in, or all on break, for so long: a callback is offered."""
    nobody_ready_then: Then = Then.OFFER
    longest_wait_seconds: Seconds = 900
    longest_wait_then: Then = Then.OFFER
    most_waiting: Annotated[Whole, Field(ge=1, le=10_000)] | None = None
    """So many who wait for the same agents make the line full for whoever comes next; never full when left out."""
    most_waiting_then: Then = Then.OFFER
    after_closing_seconds: Annotated[Whole, Field(ge=0, le=86_400)] = 1200
    """How long after closing time callers who were already waiting are still served."""
    after_closing_then: Then = Then.END
    household_number: HouseholdNumber = HouseholdNumber()


class SameAgent(Section):
    """Callers go to the agent who knows them, if that one is free soon."""

    wait_seconds: Annotated[Whole, Field(ge=0, le=600)] = 20
    """So long from joining the line a caller waits for this agent before anybody else is rung; 0: not at all, only an
    agent who is free at once is preferred."""
    promise: bool = True
    """Whoever took the request that an open promise of the caller's number is about."""
    number_days: Annotated[Whole, Field(ge=0, le=90)] = 7
    """Whoever talked with the caller's number last, within so many days; 0: nobody."""


class Distribution(Section):
    ring_seconds: Annotated[Whole, Field(ge=5, le=60)] = 12
    wrap_up_seconds: Annotated[Whole, Field(ge=0, le=3600)] = 60
    screen_seconds: Annotated[Decimal, Field(gt=0, le=5)] = 1.0
    """An offer the page has not shown within this time goes to the next agent."""
    second_choice_after_seconds: Annotated[Whole, Field(ge=0, le=3600)] = 30
    """Agents whose second choice a request is are rung for a caller who has waited so long."""
    same_agent: SameAgent | None = None
    """Nobody is preferred when left out."""
    pause_reasons: list[Text] = ["Pause", "Besprechung", "Nacharbeit"]
    pause_minutes: Annotated[Whole, Field(ge=1, le=600)] | None = None
    """A pause that lasts longer is shown to the agent and to the lead; it is never ended by us."""


class FieldKind(StrEnum):
    TEXT = "text"
    DATE = "date"
    MONEY = "money"
    NUMBER = "number"
    PHONE = "phone"
    CHOICE = "choice"


class FormField(Section):
    """One structured field of a request type's form."""

    key: Name
    label: Text
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    choices: list[Text] = []


class Link(Section):
    """A page beside the guide, opened in a window of its own."""

    label: Text
    url: Annotated[str, StringConstraints(pattern=r"^https://[A-Za-z0-9.-]+(:\d+)?(/[^\s<>]*)?$", max_length=500)]
    """Only https: it opens from a page that shows personal data."""


class RequestType(Section):
    key: Name
    press: Key
    label: Text
    """What the agent reads, for example "Mietkosten"."""
    skill: Name
    prompt: Text
    """What the caller hears in the menu."""
    guide: list[Text] = []
    """Short sentences on the agent's screen."""
    papers: list[Text] = []
    """What the caller has to hand in, shown beside the guide."""
    links: list[Link] = []
    fields: list[FormField] = []
    wrap_up_seconds: Annotated[Whole, Field(ge=0, le=3600)] | None = None
    """Time for writing up such a call, seconds; `distribution.wrap_up_seconds` when left out."""


class PhoneKind(StrEnum):
    BROWSER = "browser"
    DESK = "desk"


class ScreenNeed(StrEnum):
    REQUIRED = "required"
    OPTIONAL = "optional"


class Agent(Section):
    name: Name
    full_name: Text
    office: Name
    skills: Annotated[list[Name], Field(min_length=1)]
    """First choice: rung at once for requests that need one of these."""
    second_choice: list[Name] = []
    """Skills for which the agent is rung only when a caller has waited `distribution.second_choice_after_seconds`."""
    phone: PhoneKind = PhoneKind.BROWSER
    screen: ScreenNeed = ScreenNeed.REQUIRED
    """Whether calls are only offered while a page of the agent is open; "optional" with a desk phone only."""
    extension: InnerNumber | None = None
    """What colleagues' telephones dial to reach this agent, or to hand a caller on."""


class Absence(Section):
    """Days on which a case worker is not there."""

    start: Annotated[Day, Field(alias="from")]
    end: Annotated[Day | None, Field(alias="to")] = None
    """Last day, included; the first day alone when left out."""

    def covers(self, day: date) -> bool:
        return self.start <= day <= (self.end or self.start)


class CaseWorker(Section):
    """Who answers what the telephone service cannot settle; the first match in file order wins."""

    name: Text
    email: Email
    offices: Annotated[list[Name], Field(min_length=1)]
    letters: Annotated[str, StringConstraints(pattern=r"^[A-ZÄÖÜ](-[A-ZÄÖÜ])?$")] = "A-Z"
    """First letters of the family name, as "A-K" or "S"."""
    types: list[Name] = []
    """Keys of request types; every type when left out."""
    phone: PhoneNumber | None = None
    """Where callers are handed on to: an extension of the house (2 to 6 digits, no leading 0) or a national number."""
    absences: list[Absence] = []
    """Whoever is away on the day by which an answer is due does not get the request; holds for all entries of one
    e-mail address."""
    deputy: Email | None = None
    """E-mail address of the case worker who answers meanwhile; the team mailbox does when left out."""

    @property
    def has_inner_phone(self) -> bool:
        """Whether `phone` is an extension of the house, dialled as it stands."""
        return re.fullmatch(r"[1-9][0-9]{1,5}", self.phone or "", re.ASCII) is not None


class Promises(Section):
    """What becomes of a request that was promised to be answered."""

    longest_delay_days: Annotated[Whole, Field(ge=1, le=90)] = 14
    """So many days from today a case worker may put an answer off at most."""
    remind_hours: Annotated[Whole, Field(ge=0, le=40)] = 9
    """So many opening hours before the due time the case worker is reminded; never with 0."""


class Transfers(Section):
    """How agents hand callers on to somebody outside the hotline."""

    gateway: Name | None = None
    """Through which case workers and outside numbers are dialled; nobody outside can be dialled when left out."""
    numbers: bool = False
    """Agents may enter any ordinary national number; never premium, foreign or emergency numbers."""
    ring_seconds: Annotated[Whole, Field(ge=5, le=60)] = 20


class Callbacks(Section):
    """How agents ring callers back; they are dialled through `transfers.gateway`."""

    tries: Annotated[Whole, Field(ge=1, le=10)] = 3
    """After so many tries in vain a callback is closed as not reached."""
    distances_minutes: Annotated[list[Annotated[Whole, Field(ge=1, le=10_080)]], Field(min_length=1)] = [30, 120]
    """Minutes from the first try to the second, from there to the third; the last distance holds for further ones."""
    only_when_open: bool = True
    """Nobody is rung outside the opening hours, and a try that would fall there is made when we open next."""
    ring_seconds: Annotated[Whole, Field(ge=5, le=60)] = 30
    """How long it rings at the caller's."""
    windows: list[Annotated[Interval, BeforeValidator(_interval)]] = []
    """Times of day, on full hours, from which a caller who wants to be called back may choose; none are offered when
    left out."""
    start_seconds: Annotated[Whole, Field(ge=10, le=600)] = 60
    """So long an agent who is offered a callback that is due has to start it, before it goes to the next one."""


class Transport(StrEnum):
    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class Codec(StrEnum):
    ALAW = "alaw"
    ULAW = "ulaw"
    G722 = "g722"


class Dtmf(StrEnum):
    RFC4733 = "rfc4733"
    INBAND = "inband"
    INFO = "info"


class OutgoingFormat(StrEnum):
    """How the gateway wants dialled numbers: +495721…, 00495721…, 05721…"""

    PLUS = "plus"
    INTERNATIONAL = "international"
    NATIONAL = "national"


class Registration(Section):
    server: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+$")]
    port: Port = 5060
    user: Annotated[str, BeforeValidator(_refuse_unquoted_number), StringConstraints(pattern=r"^[A-Za-z0-9+._-]+$")]
    secret_file: str
    """File that holds the password and nothing else; relative to the configuration file."""
    expires_seconds: Annotated[Whole, Field(ge=20, le=86_400)] = 300
    """Asterisk renews ten seconds before the end; with ten or less it would do so without a pause."""
    retry_seconds: Annotated[Whole, Field(ge=1, le=3600)] = 30


class Nat(Section):
    """Our address as seen from outside, when the gateway is beyond a NAT router."""

    external_address: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]+$")]
    local_networks: list[Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F.:]+/\d{1,3}$")]]


class Gateway(Section):
    """A provider's trunk or the house's telephone system, from which calls reach us."""

    name: Name
    addresses: list[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]+(/\d{1,3})?$")]] = []
    """Addresses calls may come from; those of a registering gateway's server are added to them."""
    port: Port = 5060
    """Where the first of `addresses` listens, for outgoing calls."""
    registration: Registration | None = None
    transport: Transport = Transport.UDP
    srtp: bool = False
    codecs: Annotated[list[Codec], Field(min_length=1)] = [Codec.ALAW, Codec.G722]
    dtmf: Dtmf = Dtmf.RFC4733
    nat: Nat | None = None
    trust_asserted_identity: bool = False
    """Read the caller's number from P-Asserted-Identity; only for a provider who checks it."""
    called_numbers: Annotated[list[CalledPattern], Field(min_length=1)]
    """Every way in which the gateway writes our number; anything else is refused with 404."""
    numbers_without_prefix: Literal["local", "international"] = "local"
    """What a caller's number without "+" and "0" is: "9824" (local) or "4957219824" (international)."""
    outgoing_format: OutgoingFormat = OutgoingFormat.NATIONAL
    silence_seconds: Annotated[int, Field(ge=3, le=120)] = 10
    """Seconds without sound data after which whoever talks counts as gone; more where pauses in speech are not sent."""


class Endpoint(Section):
    host: Host = "127.0.0.1"
    port: Port


class PortRange(Section):
    start: Annotated[Port, Field(alias="from")] = 16384
    end: Annotated[Port, Field(alias="to")] = 18383


class Tls(Section):
    """Certificates for SIP by TLS; the files are relative to the configuration file."""

    certificate_file: str
    """Our certificate with its chain, PEM."""
    key_file: str
    """Its private key, PEM, readable by us only."""
    ca_file: str | None = None
    """Authorities that vouch for the other side, PEM; the machine's own list when left out."""


class Network(Section):
    """Where our own parts listen."""

    sip: Endpoint = Endpoint(port=5060)
    web: Endpoint = Endpoint(port=8080)
    agi: Endpoint = Endpoint(port=4573)
    ami: Endpoint = Endpoint(port=5038)
    websocket: Endpoint = Endpoint(port=8088)
    rtp: PortRange = PortRange()
    tls: Tls | None = None
    """Needed when a gateway opens TLS connections towards us."""


class SmtpSecurity(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class Mail(Section):
    sender: Email
    host: Host = "127.0.0.1"
    port: Port = 25
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    user: str | None = None
    secret_file: str | None = None
    team_mailbox: Email
    """Receives what no case worker's rule matches."""
    lead_mailbox: Email | None = None
    """Is told, as the deputy is, of each promise that was not kept by its due time."""
    link_days: Annotated[Whole, Field(ge=1, le=90)] = 30
    """How long the signed link in a mail opens the request."""
    demo_mailbox: bool = False
    """`hotline run` starts a mail server of its own on host and port, which keeps mails as files."""


class Sms(Section):
    """Receipts by short message through Twilio, for callers who agree; none are sent without this section."""

    account: Annotated[str, StringConstraints(pattern=r"^AC[0-9a-f]{32}$")]
    """Account SID."""
    secret_file: str
    """File that holds the account's token and nothing else; relative to the configuration file."""
    sender: Annotated[
        str,
        BeforeValidator(_refuse_unquoted_number),
        StringConstraints(pattern=r"^(\+[1-9][0-9]{6,14}|[A-Za-z][A-Za-z0-9 ]{0,10})$"),
    ]
    """What the recipient sees: a number of ours at Twilio, or a neutral name."""


class Texts(Section):
    """What callers hear. Numbers, days and times are put together from single words."""

    greeting: Text
    data_protection: Text
    menu_intro: Text
    menu_repeat: Text
    """Ends the menu: the star key repeats it."""
    wrong_key: Text
    connecting_unclear: Text
    please_wait: Text
    position: Text
    """Followed by the position as a number."""
    position_many: Text
    enter_household_number: Text
    household_number_taken: Text
    household_number_wrong: Text
    agent_lost: Text
    closed_hours: Text
    closed_weekend: Text
    closed_holiday: Text
    closed_closure: Text
    next_open: Text
    """Followed by weekday, date and time."""
    callback_offer: Text
    nobody_ready: Text
    waited_long: Text
    closing_now: Text
    callback_number_shown: Text
    """Before the number of the caller is read back."""
    callback_confirm_shown: Text
    callback_enter_number: Text
    callback_read_back: Text
    callback_confirm_entered: Text
    callback_number_wrong: Text
    callback_taken: Text
    goodbye: Text
    technical_problem: Text
    fallback_nobody: Text = "Im Moment kann leider niemand Ihren Anruf annehmen."
    """Said by Asterisk itself, before a callback is offered."""
    wait_soon: Text = "Sie sind gleich an der Reihe."
    wait_about: Text = "Es dauert noch etwa"
    """Followed by a number and `wait_minutes`."""
    wait_minutes: Text = "Minuten."
    wait_long: Text = "Es dauert leider noch mehr als eine halbe Stunde."
    wait_longer: Text = "Es geht leider langsamer voran als gedacht."
    """Before an expected wait that is longer than the one said before."""
    line_full: Text = "Im Moment rufen sehr viele Menschen an."
    keep_place_offer: Text = "Wenn wir Sie zurückrufen sollen, ohne dass Sie Ihren Platz verlieren, drücken Sie Stern."
    callback_in_turn: Text = "Sobald Sie an der Reihe sind: drücken Sie die 1."
    callback_window: Text = "Zu dieser Zeit: drücken Sie die"
    """After day and hours of a window; followed by its key."""
    callback_between: Text = "zwischen"
    """Followed by the first hour, `callback_and` and the last hour."""
    callback_and: Text = "und"
    callback_place_kept: Text = "Danke. Sie behalten Ihren Platz. Wir rufen Sie an, sobald Sie an der Reihe sind."
    callback_next_day: Text = "Wenn es heute nicht mehr klappt, rufen wir Sie am nächsten Werktag an."
    """Before `callback_in_turn` and after `callback_place_kept`, when it closes before the turn of a kept place."""
    callback_wait_on: Text = "Wenn Sie doch weiter warten möchten, drücken Sie Stern."
    """To whoever has left the line for a callback, while the number is asked."""
    callback_window_taken: Text = "Danke. Wir rufen Sie zu dieser Zeit an."
    callback_number_unusable: Text = "Ihre Nummer sehen wir nicht, oder wir können sie nicht anrufen."
    """Before `callback_enter_number`: the caller's number is withheld, foreign or of a special service."""


class Voice(Section):
    """The machine voice that speaks the texts; a recorded WAV of the same name always wins."""

    language: Literal["de-DE", "en-GB", "en-US"] = "de-DE"
    speed: Annotated[Decimal, Field(ge=0.5, le=2.0)] = 0.95
    spoken_as: dict[str, str] = {}
    """Words the voice pronounces wrongly, and what it is given instead."""


class Language(Section):
    """A further language, which callers choose by key at the start; every prompt has its text in it."""

    key: Literal["en"]
    """ISO 639-1. Numbers, days and times are put together from words that the program knows for this language."""
    name: Text
    """What the agent reads, for example "Englisch"."""
    press: Key
    offer: Text
    """Said in that language, before the menu: "For English, press 9." """
    emergency: Text | None = None
    """`emergency.text` in that language, heard after it; only while there is an emergency."""
    voice: Voice
    request_types: dict[Name, Text]
    """What the caller hears in the menu, by key of each request type, the one for unclear requests included."""
    texts: Texts


class Threat(Section):
    """What an agent reads after pressing the threat button; above it stands who has seen the alarm."""

    guidance: list[Text] = [
        "Bleiben Sie ruhig und sprechen Sie langsam. Oben steht, ob jemand von der Leitung den Alarm gesehen hat.",
        "Fragen Sie nicht nach und widersprechen Sie nicht. Merken Sie sich den Wortlaut.",
        "Wenn jemand in Gefahr ist, rufen Sie sofort die 110.",
        "Sie dürfen das Gespräch jederzeit beenden. Schreiben Sie danach auf, was gesagt wurde.",
    ]


class Retention(Section):
    """For how long personal data is kept, in days of real time; it is deleted in the following night.

    Nothing that a promise or callback still needs is deleted, however old it is.
    """

    numbers_days: Annotated[Whole, Field(ge=1, le=3650)] = 90
    """Telephone numbers and numbers of Bedarfsgemeinschaften: after the call, and after a callback was finished."""
    notes_days: Annotated[Whole, Field(ge=1, le=3650)] = 90
    """Notes, forms, names and mails: after the request was settled, or after the promise was kept."""
    agent_states_days: Annotated[Whole, Field(ge=1, le=3650)] = 30
    """Which agent was in which state when, and why."""
    audit_days: Annotated[Whole, Field(ge=30, le=3650)] = 365
    """Who saw and changed what; messages to the agents."""


class HotlineConfig(Section):
    """One hotline: the whole of `hotline.yaml`."""

    hotline: Hotline
    offices: Annotated[list[Office], Field(min_length=1)]
    hours: Hours
    emergency: Emergency | None = None
    menu: Menu = Menu()
    line: Line = Line()
    distribution: Distribution = Distribution()
    transfers: Transfers = Transfers()
    callbacks: Callbacks = Callbacks()
    request_types: Annotated[list[RequestType], Field(min_length=1)]
    unclear: RequestType
    """What silence and wrong keys become; its `press` is the key for a person."""
    agents: Annotated[list[Agent], Field(min_length=1)]
    case_workers: list[CaseWorker] = []
    promises: Promises = Promises()
    gateways: Annotated[list[Gateway], Field(min_length=1)]
    mail: Mail
    sms: Sms | None = None
    retention: Retention = Retention()
    threat: Threat = Threat()
    network: Network = Network()
    voice: Voice = Voice()
    texts: Texts
    languages: Annotated[list[Language], Field(max_length=1)] = []

    def request_type(self, key: str) -> RequestType:
        """The request type of that key, `unclear` included; KeyError when there is none."""
        for candidate in (*self.request_types, self.unclear):
            if candidate.key == key:
                return candidate
        raise KeyError(key)

    def wrap_up_seconds(self, request: RequestType | None) -> int:
        """How long writing up a call of that type may take, seconds; it is never cut short."""
        own = None if request is None else request.wrap_up_seconds
        return self.distribution.wrap_up_seconds if own is None else own

    def agent(self, name: str) -> Agent:
        """The agent of that name; KeyError when there is none."""
        for candidate in self.agents:
            if candidate.name == name:
                return candidate
        raise KeyError(name)
