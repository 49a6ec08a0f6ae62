"""What can be wrong in a configuration: one example of each, a line each however long it is, and what to do about it."""
# ruff: noqa: E501

from dataclasses import dataclass
from itertools import pairwise

MARK = "‸"
"""Stands in an example right before what the finding points at."""


@dataclass(frozen=True, slots=True)
class Example:
    """In the shipped file `old` is replaced by `new`; `do` says in German what to do about it."""

    path: str
    old: str
    new: str
    do: str
    also: tuple[tuple[str, str], ...] = ()
    """Further replacements that are needed for it."""
    whole: bool = False
    """`new` is the whole file."""

    def text(self, shipped: str) -> str:
        """The file with the example, and the mark in it."""
        if self.whole:
            return self.new
        for old, new in ((self.old, self.new), *self.also):
            if old not in shipped:
                raise ValueError(f"{old!r} does not stand in the shipped file")
            shipped = shipped.replace(old, new, 1)
        return shipped


HAUS = '    called_numbers: ["9824", "05721 9824", "0049 5721 9824", "+49 5721 9824"]'
ADDRESS = 'addresses: ["127.0.0.1"]'
FALKE, GUENTHER = 'phone: "30"', 'phone: "05721 9830"'
MONDAY = 'monday: ["08:00-18:00"]'
FRIDAY = 'friday: ["08:00-18:00"]'
RETRIES = "  retries: 1"
LABEL = "label: Mietkosten"
CLOSED = "    - {from: 2026-12-24, every_year: true, reason: Heiligabend}"
CLOSURES = "  closures:\n"
RTP = "rtp: {from: 16384, to: 18383}"
AMI = "ami: {host: 127.0.0.1, port: 5038}"
WINDOWS = 'windows: ["08:00-12:00", "13:00-17:00"]'
SMTP = "  host: 127.0.0.1\n  port: 2525\n  security: none\n"
SMS = "  account: AC0123456789abcdef0123456789abcdef\n  secret_file: sms.secret\n  sender: "
ANNA = "skills: [allgemein, stammdaten, wohnen, leistung], ext"
IMMIG = "{name: Herr Immig,"
MENU = "\nmenu:\n"
OFFER = "offer: For English, press 9."
LONG_TEXT = f"{'Sturm! ' * 23}Bis bald."
REGISTERED = "    registration: {server: %s, user: %s, secret_file: s}"

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
TENS = [f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in pairwise("abcdefg")]
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(TENS)

ERRORS: dict[str, list[Example]] = {
    "Schreibweise der Datei": [
        Example("yaml", "", MARK, "Mit der ausgelieferten `config/hotline.yaml` beginnen.", whole=True),
        Example("yaml", "", f"{MARK}- a\n", "Zeilen der Form `schlüssel: wert` schreiben.", whole=True),
        Example("yaml", MENU, f"\nmenu: {MARK}*x\n", "Einrückung, Anführungszeichen und Klammern kurz davor prüfen."),
        Example("yaml", RETRIES, f"{MARK}\tretries: 1", "Mit Leerzeichen einrücken, nie mit Tabulatoren."),
        Example("yaml", MENU, f"\n{MARK}---\nmenu:\n", "Die Zeile mit `---` löschen."),
        Example("yaml", RETRIES, f"  retries: {MARK}\x00", "Das unsichtbare Zeichen löschen."),
        Example("yaml", MENU, f"\nx: {MARK}&x [*x]\nmenu:\n", "Den Wert ausschreiben statt `*x`."),
        Example("yaml", "", f"{MARK}a: " + "[" * 2000, "So viele Klammern sind nicht gemeint: die Stelle neu schreiben.", whole=True),
        Example("yaml", "", LAUGHS, "Die Werte ausschreiben.", whole=True),
        Example("menu.retries", RETRIES, f"  retries: 1\n  {MARK}retries: 2", "Eine der beiden Zeilen löschen."),
        Example("mail", "mail:\n", f"mail: {MARK}!private\n", "Die Marke mit `!` löschen."),
        Example("menu", MENU, f"\nmenu:\n  {MARK}<<: {{retries: 2}}\n", "Die Schlüssel ausschreiben."),
        Example("menu", MENU, f"\nmenu:\n  {MARK}[1, 2]: 3\n", "Als Schlüssel ein einzelnes Wort schreiben."),
    ],
    "Schlüssel und Werte": [
        Example("menu.silense_seconds", "  silence_seconds: 5", f"  {MARK}silense_seconds: 5", "Den Schlüssel richtig schreiben oder die Zeile löschen."),
        Example("request_types.3.skill", "    skill: wohnen\n    prompt: Für Mietkosten", "    prompt: Für Mietkosten", "Den fehlenden Schlüssel ergänzen; die Stelle ist der Abschnitt, in dem er fehlt."),
        Example("menu.retries", RETRIES, f"  retries:{MARK}", "Einen Wert schreiben oder die Zeile löschen; dann gilt die Vorgabe."),
        Example("menu.retries", RETRIES, f"  retries: {MARK}9", "Einen Wert nehmen, der höchstens so groß ist."),
        Example("menu.retries", RETRIES, f"  retries: {MARK}-1", "Einen Wert nehmen, der mindestens so groß ist."),
        Example("distribution.screen_seconds", "screen_seconds: 1.0", f"screen_seconds: {MARK}0", "Einen größeren Wert nehmen."),
        Example("menu.retries", RETRIES, f"  retries: {MARK}1.5", "Eine ganze Zahl schreiben."),
        Example("menu.retries", RETRIES, f'  retries: {MARK}"1"', "Die Anführungszeichen weglassen."),
        Example("distribution.screen_seconds", "screen_seconds: 1.0", f"screen_seconds: {MARK}.nan", "Eine Zahl schreiben."),
        Example("hours.closures.0.every_year", "every_year: true", f"every_year: {MARK}ja", "`true` oder `false` schreiben."),
        Example("hours.week.monday", MONDAY, f'monday: {MARK}"08:00-18:00"', "Eckige Klammern darum setzen."),
        Example("menu", MENU, f"\nmenu: {MARK}5\nmenu_old:\n", "Eingerückte Zeilen der Form `schlüssel: wert` schreiben."),
        Example("texts", "\ntexts:\n", f"\ntexts: {MARK}[]\ntexts_old:\n", "Eingerückte Zeilen der Form `schlüssel: wert` schreiben."),
        Example("voice.spoken_as", "spoken_as: {Jobcenter: Jobzenter}", f"spoken_as: {MARK}5", "Eine Liste von Paaren in geschweiften Klammern schreiben."),
        Example("agents.0.skills", ANNA, f"skills: {MARK}[], ext", "Mindestens einen Eintrag schreiben."),
        Example("languages", "\nlanguages:\n", f"\nlanguages:\n  {MARK}- {{key: en}}\n", "Nur eine weitere Sprache ist möglich."),
        Example("request_types.3.label", LABEL, f"label: {MARK}2026-01-01", "Anführungszeichen setzen."),
        Example("request_types.3.label", LABEL, f'label: {MARK}""', "Einen Text schreiben."),
        Example("request_types.3.label", LABEL, f"label: {MARK}{'x' * 601}", "Den Text kürzen."),
        Example("request_types.3.label", LABEL, f'label: {MARK}"a\\x07b"', "Das unsichtbare Zeichen löschen."),
        Example("request_types.0.fields.1.kind", "kind: date", f"kind: {MARK}datum", "Einen der genannten Werte nehmen."),
        Example("request_types.3.skill", "skill: wohnen\n    prompt: Für Mietkosten", f"skill: {MARK}Wohnen\n    prompt: Für Mietkosten", "Kleinbuchstaben ohne Umlaute, Ziffern, `-` und `_` nehmen."),
        Example("hotline.number", 'number: "05721 9824"', f"number: {MARK}057219824", "Anführungszeichen setzen, sonst geht die führende Null verloren."),
        Example("hotline.number", 'number: "05721 9824"', f'number: {MARK}"05721 98x"', "Nur Ziffern, ein `+` am Anfang, Leerzeichen, `/`, `-` und Klammern schreiben."),
        Example("hotline.country_code", 'country_code: "49"', f'country_code: {MARK}"0049"', "Die Vorwahl ohne `+` und Nullen schreiben."),
        Example("hotline.area_code", 'area_code: "5721"', f'area_code: {MARK}"05721"', "Die führende Null weglassen."),
        Example("hotline.public_url", "public_url: http://127.0.0.1:8080", f"public_url: {MARK}http://127.0.0.1:8080/x", "Nur Rechner und Port schreiben, ohne Pfad."),
        Example("request_types.3.press", 'press: "4"', f'press: {MARK}"44"', "Genau eine Taste von 0 bis 9 in Anführungszeichen schreiben."),
        Example("request_types.3.links.0.url", 'url: "https://www', f'url: {MARK}"http://www', "Eine Adresse mit `https://` nehmen."),
        Example("agents.1.extension", 'extension: "12"', f'extension: {MARK}"012"', "Eine Nebenstelle mit zwei bis vier Ziffern nehmen, die nicht mit 0 beginnt."),
        Example("case_workers.0.letters", "letters: A-K", f"letters: {MARK}A-Ks", "Einen Buchstaben oder eine Spanne schreiben."),
        Example("mail.team_mailbox", "team_mailbox: team-telefon@jobcenter.example", f"team_mailbox: {MARK}team", "Eine E-Mail-Adresse ohne Namen davor schreiben."),
        Example("network.ami.host", AMI, f"ami: {{host: {MARK}a_b, port: 5038}}", "Adresse oder Rechnername prüfen."),
        Example("gateways.0.called_numbers.0", '["9824", "05721', f'[{MARK}"98?4", "05721', "Nur Ziffern, `+` am Anfang und `X` für eine beliebige Ziffer schreiben."),
        Example("gateways.0.addresses.0", ADDRESS, f'addresses: [{MARK}"10.0.0.1/x"]', "Rechnername, Adresse oder Netz prüfen."),
        Example("gateways.0.nat.local_networks.0", HAUS, f"{HAUS}\n    nat: {{external_address: h, local_networks: [{MARK}x]}}", "Ein Netz mit seiner Länge schreiben."),
        Example("gateways.0.nat.external_address", HAUS, f'{HAUS}\n    nat: {{external_address: {MARK}"a b", local_networks: []}}', "Rechnername oder Adresse prüfen."),
        Example("gateways.0.registration.server", HAUS, f"{HAUS}\n{REGISTERED}" % (f'{MARK}"a b"', "u"), "Rechnername oder IPv4-Adresse des Anbieters prüfen."),
        Example("gateways.0.registration.user", HAUS, f"{HAUS}\n{REGISTERED}" % ("a.example", f'{MARK}"a b"'), "Den Benutzernamen prüfen."),
        Example("hours.holidays.country", "country: DE", f"country: {MARK}Deutschland", "Das Land mit zwei Großbuchstaben schreiben."),
        Example("hours.holidays.subdivision", "subdivision: NI", f"subdivision: {MARK}Niedersachsen", "Das Bundesland mit zwei oder drei Großbuchstaben schreiben."),
        Example("sms.account", "\nretention:\n", f"\nsms:\n{SMS.replace('AC01', MARK + 'XX01')}Amt\n\nretention:\n", "Die Kennung des Kontos (Account SID) prüfen."),
        Example("sms.sender", "\nretention:\n", f'\nsms:\n{SMS}{MARK}"Jobcenter Schaumburg"\n\nretention:\n', "Eine Nummer mit `+` oder höchstens elf Zeichen nehmen."),
        Example("languages.0.key", "- key: en", f"- key: {MARK}fr", "Möglich ist Englisch (`en`)."),
    ],
    "Öffnungszeiten und Schließzeiten": [
        Example("hours.week.monday.0", MONDAY, f'monday: [{MARK}"08:00"]', "Beginn und Ende mit einem Strich schreiben."),
        Example("hours.week.monday.0.start", MONDAY, f'monday: [{MARK}"8-18"]', "Stunde und Minute zweistellig schreiben."),
        Example("hours.week.monday.0.end", MONDAY, f'monday: [{MARK}"08:00-24:00"]', "Ein Tag endet spätestens um 23:59:59."),
        Example("hours.closures.0.from", "from: 2026-12-24", f"from: {MARK}24.12.2026", "Den Tag als Jahr-Monat-Tag schreiben."),
        Example("hours.closures.0.from", "from: 2026-12-24", f"from: {MARK}2026-02-30", "Den Kalender prüfen: Diesen Tag gibt es nicht."),
        Example("emergency.until", MENU, f"\nemergency: {{text: Sturm, until: {MARK}heute}}\nmenu:\n", "Tag und Uhrzeit mit einem T dazwischen schreiben."),
        Example("emergency.until", MENU, f'\nemergency: {{text: Sturm, until: {MARK}"2026-02-30T12:00"}}\nmenu:\n', "Den Kalender prüfen: Diesen Zeitpunkt gibt es nicht."),
        Example("hotline.timezone", "timezone: Europe/Berlin", f"timezone: {MARK}Europe/Berln", "Für Deutschland `Europe/Berlin` schreiben."),
        Example("hours.week", MONDAY, "monday: []", "Mindestens einem Wochentag eine Zeit geben.", also=(*((f'{day}: ["08:00-18:00"]', f"{day}: []") for day in WEEK[1:]), ("  week:\n    monday", f"  week:\n    {MARK}monday"))),
        Example("hours.week.friday.0", FRIDAY, f'friday: [{MARK}"18:00-08:00"]', "Beginn und Ende vertauschen."),
        Example("hours.week.friday.1", FRIDAY, f'friday: ["08:00-13:00", {MARK}"12:00-18:00"]', "Die Zeiten so ändern, dass sie sich nicht überschneiden."),
        Example("hours.closures.0.to", "from: 2026-12-24,", f"from: 2026-12-24, to: {MARK}2026-12-23,", "Ersten und letzten Tag vertauschen."),
        Example("hours.closures.0.to", "from: 2026-12-24,", f"from: 2026-12-24, to: {MARK}2027-12-24,", "Den Zeitraum kürzen oder `every_year` weglassen."),
        Example("hours.closures.0.hours", "from: 2026-12-24,", f'from: 2026-12-24, hours: {MARK}"14:00-12:00",', "Beginn und Ende vertauschen."),
        Example("hours.closures.1", CLOSED, f"{CLOSED}\n    - {MARK}{{from: 2026-12-24, every_year: true, reason: Zu}}", "Einen der beiden Einträge löschen."),
        Example("hours.holidays.country", "country: DE", f"country: {MARK}QQ", "Für Deutschland `DE` schreiben."),
        Example("hours.holidays.subdivision", "subdivision: NI", f"subdivision: {MARK}XX", "Eines der genannten Bundesländer nehmen."),
    ],
    "Kennungen und Verweise": [
        Example("offices.1.key", "{key: rinteln, name", f"{{key: {MARK}stadthagen, name", "Eine andere Kennung nehmen."),
        Example("request_types.3.press", 'press: "4"', f'press: {MARK}"1"', "Eine freie Taste nehmen: Sonst ist eines der beiden Anliegen unerreichbar."),
        Example("request_types.3.key", "key: rent\n", f"key: {MARK}address\n", "Eine andere Kennung nehmen."),
        Example("request_types.0.fields.1.key", "{key: from_date, label: Gültig ab", f"{{key: {MARK}new_address, label: Gültig ab", "Dem Feld einen anderen Namen geben."),
        Example("agents.0.name", "{name: anna,", f"{{name: {MARK}leitung,", "Dem Platz einen anderen Anmeldenamen geben."),
        Example("agents.2.office", "office: rinteln", f"office: {MARK}rintel", "Eine Kennung aus `offices` nehmen."),
        Example("case_workers.2.types.1", "types: [move, rent]", f"types: [move, {MARK}rents]", "Eine Kennung aus `request_types` nehmen."),
        Example("hotline.number", 'number: "05721 9824"', f'number: {MARK}"05721"', "Die Nummer schreiben, wie man sie wählt."),
    ],
    "Anliegen und Formulare": [
        Example("unclear.skill", "skill: allgemein", f"skill: {MARK}wissen", "Die Fähigkeit bei jemandem unter `agents` eintragen."),
        Example("request_types.1.fields.0.key", "{key: person, label", f"{{key: {MARK}note, label", "Dem Feld einen anderen Namen geben."),
        Example("request_types.1.fields.1", "choices: [zieht ein, zieht aus, Geburt, Tod], ", "", "Die Auswahl ergänzen.", also=(("{key: change, label", f"{MARK}{{key: change, label"),)),
        Example("request_types.2.fields.2.choices", "kind: money", f"choices: {MARK}[a]", "`choices` löschen oder `kind: choice` schreiben."),
        Example("request_types.1.fields.1.choices.1", "[zieht ein, zieht aus, Geb", f"[zieht ein, {MARK}zieht ein, Geb", "Eine der beiden Möglichkeiten löschen."),
        Example("line.household_number.min_digits", "min_digits: 6", f"min_digits: {MARK}13", "Die kleinere Zahl bei `min_digits` schreiben."),
    ],
    "Mitarbeitende": [
        Example("agents.0.skills.4", ANNA, f"skills: [allgemein, stammdaten, wohnen, leistung, {MARK}wonen], ext", "Eine Fähigkeit nehmen, die ein Anliegen verlangt."),
        Example("agents.0.skills.4", ANNA, f"skills: [allgemein, stammdaten, wohnen, leistung, {MARK}wohnen], ext", "Die Fähigkeit nur einmal nennen."),
        Example("agents.0.second_choice.0", ANNA, f"second_choice: [{MARK}wohnen], {ANNA}", "Die Fähigkeit nur als erste oder nur als zweite Wahl nennen."),
        Example("agents.0.screen", ANNA, f"screen: {MARK}optional, {ANNA}", "`screen` weglassen, oder `phone: desk` schreiben."),
        Example("agents.1.extension", 'extension: "12"', f'extension: {MARK}"112"', "Eine andere Nebenstelle nehmen."),
        Example("agents.1.extension", 'extension: "12"', f'extension: {MARK}"9824"', "Eine andere Nebenstelle nehmen."),
        Example("agents.1.extension", 'extension: "12"', f'extension: {MARK}"11"', "Eine freie Nebenstelle nehmen."),
    ],
    "Sachbearbeitung": [
        Example("case_workers.1.letters", "letters: L-Z", f"letters: {MARK}Z-L", "Die Buchstaben vertauschen."),
        Example("case_workers.2.absences.0.to", "letters: A-M,", f"absences: [{{from: 2026-12-02, to: {MARK}2026-12-01}}], letters: A-M,", "Ersten und letzten Tag vertauschen."),
        Example("case_workers.0.deputy", "deputy: guenther@", f"deputy: {MARK}gunther@", "Die Adresse von jemandem aus `case_workers` nehmen."),
        Example("case_workers.0.deputy", "deputy: guenther@", f"deputy: {MARK}falke@", "Jemand anderen nennen."),
        Example("case_workers.3.deputy", IMMIG, f"{{name: Frau Falke, email: falke@jobcenter.example, offices: [rinteln], deputy: {MARK}heine@jobcenter.example}}\n  - {IMMIG}", "In allen Zeilen einer Person dieselbe Vertretung nennen."),
        Example("case_workers.0.deputy", "deputy: guenther@", f"deputy: {MARK}guenther@", "Bei einer Person eine andere Vertretung nennen.", also=(("letters: L-Z, ", "letters: L-Z, deputy: falke@jobcenter.example, "),)),
        Example("case_workers.0.phone", FALKE, f'phone: {MARK}"12"', "Die Nebenstelle prüfen."),
        Example("case_workers.0.phone", FALKE, f'phone: {MARK}"110"', "Eine andere Nummer nehmen."),
        Example("case_workers.0.phone", FALKE, f'phone: {MARK}"9824"', "Eine andere Nummer nehmen."),
        Example("case_workers.0.phone", FALKE, f'phone: {MARK}"05721 9824"', "Eine andere Nummer nehmen."),
        Example("case_workers.0.phone", FALKE, f'phone: {MARK}"01"', "Nebenstelle mit 2 bis 6 Ziffern oder Nummer mit Vorwahl schreiben."),
        Example("case_workers.0.phone", FALKE, f'phone: {MARK}"0900 5 123456"', "Eine gewöhnliche Nummer im Inland nehmen."),
    ],
    "Verbinden und Rückrufe": [
        Example("transfers.gateway", "gateway: haus ", f"gateway: {MARK}hau ", "Einen Namen aus `gateways` nehmen."),
        Example("transfers.gateway", "gateway: haus ", f"gateway: {MARK}haus ", "Dem Gateway eine einzelne Adresse geben.", also=((ADDRESS, 'addresses: ["192.0.2.0/28"]'),)),
        Example("case_workers.0.phone", FALKE, f"phone: {MARK}{FALKE.split()[1]}", "Unter `transfers.gateway` das Gateway nennen.", also=(("  gateway: haus  ", "  # gateway"),)),
        Example("transfers.numbers", "  numbers: false ", f"  numbers: {MARK}true ", "Unter `transfers.gateway` das Gateway nennen.", also=(("  gateway: haus  ", "  # gateway"),)),
        Example("callbacks.distances_minutes", "distances_minutes: [30, 120]", f"distances_minutes: {MARK}[30, 120, 240]", "Abstände weglassen oder `tries` erhöhen."),
        Example("line.keep_place", "  keep_place: true ", f"  keep_place: {MARK}true ", "Unter `transfers.gateway` das Gateway nennen oder `keep_place: false` schreiben.", also=(("  gateway: haus  ", "  # gateway"),)),
        Example("callbacks.windows.0", WINDOWS, f'windows: [{MARK}"12:00-08:00"]', "Beginn und Ende vertauschen."),
        Example("callbacks.windows.0", WINDOWS, f'windows: [{MARK}"08:30-12:00"]', "Volle Stunden nehmen."),
        Example("callbacks.windows.1", WINDOWS, f'windows: ["08:00-12:00", {MARK}"11:00-13:00"]', "Die Zeiten so ändern, dass sie sich nicht überschneiden."),
    ],
    "Gateways und Netz": [
        Example("gateways.0", "  - name: haus", f"  - {MARK}name: haus", "Adresse oder Anmeldung ergänzen.", also=((ADDRESS, "addresses: []"),)),
        Example("gateways.0.transport", HAUS, f"{HAUS}\n    transport: {MARK}tls", "Unter `network.tls` unser Zertifikat nennen."),
        Example("gateways.0.srtp", HAUS, f"{HAUS}\n    srtp: {MARK}true", "`transport: tls` schreiben."),
        Example("gateways.1.addresses.0", HAUS, f'{HAUS}\n  - {{name: zwei, addresses: [{MARK}"127.0.0.1"], port: 5070, called_numbers: ["9824"]}}', "Jedem Gateway seine eigene Adresse geben."),
        Example("gateways.0.addresses.0", ADDRESS, f'addresses: [{MARK}"127.0.0.300"]', "Die Adresse prüfen."),
        Example("gateways.0.addresses.0", ADDRESS, f'addresses: [{MARK}"0.0.0.0/0"]', "Adresse oder Netz des Gateways nennen."),
        Example("gateways.0.called_numbers.1", '["9824", "05721', f'["9824", {MARK}"98X4", "05721', "Eines der beiden Muster löschen."),
        Example("gateways.0.port", "    port: 5062", f"    port: {MARK}5060", "Den Port des Gateways nennen, nicht unseren."),
        Example("network.rtp", RTP, f"rtp: {MARK}{{from: 18383, to: 16384}}", "Ersten und letzten Port vertauschen."),
        Example("network.rtp", RTP, f"rtp: {MARK}{{from: 16384, to: 16482}}", "Mehr Ports vorsehen."),
        Example("network.sip.port", "sip: {host: 127.0.0.1, port: 5060}", f"sip: {{host: 127.0.0.1, port: {MARK}5060}}", "Den SIP-Port oder den Bereich verlegen.", also=((RTP, "rtp: {from: 5000, to: 6000}"),)),
        Example("network.ami.port", AMI, f"ami: {{host: 127.0.0.1, port: {MARK}8080}}", "Einen freien Port nehmen."),
    ],
    "E-Mail": [
        Example("mail.demo_mailbox", SMTP, SMTP.replace("127.0.0.1", "mail.example"), "Im Amt `demo_mailbox: false` schreiben.", also=(("demo_mailbox: true", f"demo_mailbox: {MARK}true"),)),
        Example("mail.security", "security: none", f"security: {MARK}starttls", "Zum Ausprobieren `security: none` schreiben."),
        Example("mail.security", SMTP, f"  host: mail.example\n  port: 2525\n  security: {MARK}none\n", "`starttls` oder `tls` schreiben.", also=(("demo_mailbox: true", "demo_mailbox: false"),)),
        Example("mail.user", "  port: 2525", f"  port: 2525\n  user: {MARK}hotline", "Die Datei mit dem Kennwort unter `secret_file` nennen."),
        Example("mail.secret_file", "  port: 2525", f"  port: 2525\n  secret_file: {MARK}mail.secret", "Den Benutzernamen unter `user` nennen."),
    ],
    "Sprachen": [
        Example("languages.0.press", 'press: "9"', f'press: {MARK}"4"', "Eine freie Taste nehmen."),
        Example("languages.0.texts.fallback_nobody", "      fallback_nobody: ", "      # fallback_nobody: ", "Den Text in dieser Sprache ergänzen; die Stelle ist der Abschnitt, in dem er fehlt."),
        Example("languages.0.request_types.rent", "      rent: ", "      # rent: ", "Ergänzen, was Anrufer in dieser Sprache hören."),
        Example("languages.0.request_types.flat", "      rent: ", f"      flat: {MARK}Flat.\n      rent: ", "Eine Kennung aus `request_types` nehmen."),
        Example("voice.language", "language: de-DE", f"language: {MARK}en-GB", "Eine Stimme der Sprache nehmen."),
    ],
}  # fmt: skip

WARNINGS: dict[str, list[Example]] = {
    "Öffnungszeiten und Schließzeiten": [
        Example("hours", CLOSURES, f"{CLOSURES}    - {{from: 2026-11-20, to: 2026-12-13, reason: Umbau}}\n", "Schließzeiten und Wochenplan prüfen."),
        Example("hours", CLOSURES, f"{CLOSURES}    - {{from: 2026-11-20, to: 2028-12-13, reason: Umbau}}\n", "Das letzte Jahr der Schließzeit prüfen."),
        Example("hours.week.monday.0", CLOSURES, f'{CLOSURES}    - {{from: 2026-01-01, to: 2026-12-31, every_year: true, hours: "08:00-18:00", reason: Zu}}\n', "Schließzeit kürzen oder den Tag aus dem Wochenplan nehmen."),
        Example("hours.week.monday.0", MONDAY, f'monday: [{MARK}"08:00-17:59"]', "Die volle Stunde schreiben: 18:00:00 ist schon geschlossen."),
        Example("hours.week.monday.1", MONDAY, f'monday: ["08:00-12:00", {MARK}"12:01-18:00"]', "Beide Zeiten aneinanderlegen."),
        Example("hours.week.friday.0", FRIDAY, f'friday: [{MARK}"08:00-23:59"]\n    saturday: ["00:00-12:00"]', "Wer über Mitternacht öffnet, schreibt `23:59:59`."),
        Example("hours.closures.1", CLOSURES, f"{CLOSURES}    - {{from: 2026-12-23, to: 2027-01-01, reason: Betriebsferien}}\n", "Nur einen Eintrag behalten, oder die Ansage des ersten prüfen."),
        Example("hours.closures.0", CLOSURES, f"{CLOSURES}    - {MARK}{{from: 2026-11-20, reason: Ausflug}}\n", "Den Eintrag löschen."),
        Example("hours.closures.0", CLOSURES, f"{CLOSURES}    - {MARK}{{from: 2026-11-28, reason: Ausflug}}\n", "Den Tag prüfen."),
        Example("emergency.until", MENU, f'\nemergency: {{text: Sturm, until: {MARK}"2026-11-23T08:00"}}\nmenu:\n', "Die Notfallansage löschen oder verlängern."),
        Example("emergency.until", MENU, f'\nemergency: {{text: Sturm, until: {MARK}"2026-12-23T09:00"}}\nmenu:\n', "Das Ende prüfen; für Dauerhaftes gibt es Schließzeiten und die Begrüßung."),
        Example("emergency.text", MENU, f'\nemergency: {{text: {MARK}{LONG_TEXT}, until: "2026-11-24T09:00"}}\nmenu:\n', "In einem oder zwei Sätzen das Nötigste sagen."),
        Example("languages.0.emergency", OFFER, f"{OFFER}\n    emergency: {MARK}{LONG_TEXT}", "In einem oder zwei Sätzen das Nötigste sagen.", also=((MENU, '\nemergency: {text: Sturm, until: "2026-11-24T09:00"}\nmenu:\n'),)),
        Example("languages.0.emergency", OFFER, f"{OFFER}\n    emergency: {MARK}Storm.", "Den Text löschen, sobald der Notfall vorbei ist."),
    ],
    "Anliegen und Mitarbeitende": [
        Example("request_types.2.skill", "skill: wohnen\n    wrap", f"skill: {MARK}umzug\n    wrap", "Die Fähigkeit einer weiteren Person geben, wenigstens als zweite Wahl.", also=((ANNA, ANNA.replace("[", "[umzug, ")),)),
        Example("request_types.2.skill", "skill: wohnen\n    wrap", f"skill: {MARK}umzug\n    wrap", "Jemandem die Fähigkeit als erste Wahl geben.", also=((ANNA, f"second_choice: [umzug], {ANNA}"), ('leistung], extension: "15"', 'leistung], second_choice: [umzug], extension: "15"'))),
        Example("request_types.5.label", "label: Einkommen", f"label: {MARK}Mietkosten", "Einen anderen Namen nehmen."),
    ],
    "Warten, Rückrufe, Fristen": [
        Example("distribution.ring_seconds", "  ring_seconds: 12", f"  ring_seconds: {MARK}60", "Kürzer klingeln lassen.", also=(("longest_wait_seconds: 900", "longest_wait_seconds: 299"),)),
        Example("line.nobody_ready_seconds", "nobody_ready_seconds: 60", f"nobody_ready_seconds: {MARK}900", "Einen kleineren Wert als `line.longest_wait_seconds` nehmen."),
        Example("distribution.second_choice_after_seconds", "second_choice_after_seconds: 30", f"second_choice_after_seconds: {MARK}900", "Einen kleineren Wert als `line.longest_wait_seconds` nehmen.", also=(('wohnen], extension: "12"', 'wohnen], second_choice: [leistung], extension: "12"'),)),
        Example("distribution.same_agent.wait_seconds", "    wait_seconds: 20", f"    wait_seconds: {MARK}600", "Einen kleineren Wert als `line.longest_wait_seconds` nehmen.", also=(("longest_wait_seconds: 900", "longest_wait_seconds: 600"),)),
        Example("line.position_every_seconds", "position_every_seconds: 60", f"position_every_seconds: {MARK}901", "Einen kleineren Wert nehmen, wenn der Platz angesagt werden soll."),
        Example("distribution.same_agent", "    wait_seconds: 20", f"    {MARK}wait_seconds: 20", "Einen der beiden Werte ändern oder den Abschnitt löschen.", also=(("    promise: true ", "    promise: false "), ("number_days: 7", "number_days: 0"))),
        Example("distribution.same_agent.number_days", "number_days: 7", f"number_days: {MARK}8", "Weniger Tage nehmen oder Rufnummern länger aufbewahren.", also=(("numbers_days: 90", "numbers_days: 7"),)),
        Example("callbacks.windows.0", WINDOWS, f'windows: [{MARK}"18:00-20:00"]', "Eine Zeit innerhalb der Öffnungszeiten nehmen."),
        Example("mail.link_days", "link_days: 30", f"link_days: {MARK}13", "Links mindestens so lange gelten lassen, wie eine Frist verschoben werden darf."),
    ],
    "Ansagen": [
        Example("request_types.3.prompt", "prompt: Für Mietkosten die 4.", f"prompt: {MARK}Für Mietkosten die 5.", "Ansage und Taste in Einklang bringen."),
    ],
    "Sachbearbeitung": [
        Example("case_workers.3", IMMIG, f"{MARK}{{name: Frau Juhl, email: j@x.example, offices: [rinteln], letters: A-M, types: [rent]}}\n  - {IMMIG}", "Die Zeile weiter nach oben stellen oder löschen: Die erste passende gilt."),
        Example("case_workers", "letters: L-Z", "letters: M-W", "Jemanden für diese Buchstaben eintragen; sonst bekommt es das Team-Postfach."),
        Example("case_workers.1.absences.0", "letters: L-Z", f"absences: [{MARK}{{from: 2026-12-01}}], letters: L-Z", "Eine Vertretung eintragen; sonst bekommt es das Team-Postfach."),
    ],
}  # fmt: skip
