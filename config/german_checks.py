"""What is said about values that do not fit together, in German."""
# ruff: noqa: E501

_NAMES: dict[str, str] = {
    '"{value}" is already the key of the offices at {path}; each key of the offices may be used once': "Die Kennung „{value}“ hat schon eine andere Geschäftsstelle ({path}).",
    '"{value}" is already the name of the agents at {path}; each name of the agents may be used once': "Den Namen „{value}“ hat schon jemand anderes ({path}).",
    '"{value}" is already the name of the gateways at {path}; each name of the gateways may be used once': "Den Namen „{value}“ hat schon ein anderes Gateway ({path}).",
    "\"{value}\" is already the request type's key at {path}; each request type's key may be used once": "Die Kennung „{value}“ hat schon ein anderes Anliegen ({path}).",
    '"{value}" is already the key to press at {path}; each key to press may be used once': "Die Taste „{value}“ gehört schon zu einem anderen Anliegen ({path}).",
    '"{value}" is already the skill at {path}; each skill may be used once': "Die Fähigkeit „{value}“ steht schon da ({path}). Nennen Sie sie nur einmal.",
    '"{value}" is already the second choice at {path}; each second choice may be used once': "Die 2. Wahl „{value}“ steht schon da ({path}). Nennen Sie sie nur einmal.",
    '"{value}" is already the key of a field at {path}; each key of a field may be used once': "Die Kennung „{value}“ hat schon ein anderes Feld ({path}).",
    '"{value}" is already the choice at {path}; each choice may be used once': "Die Möglichkeit „{value}“ steht schon da ({path}). Nennen Sie sie nur einmal.",
    '"{value}" is already the key to press at {path}; take another key': "Die Taste „{value}“ ist schon vergeben ({path}). Nehmen Sie eine andere.",
    '"{value}" is the account of the lead; give the agent another name': "„{value}“ ist das Konto der Leitung. Geben Sie dem Platz einen anderen Namen.",
    'there is no office "{value}"{hint}; allowed: {allowed}': "Die Geschäftsstelle „{value}“ gibt es nicht{hint}. Möglich: {allowed}.",
    'there is no request type "{value}"{hint}; allowed: {allowed}': "Das Anliegen „{value}“ gibt es nicht{hint}. Möglich: {allowed}.",
    'there is no request type with the skill "{value}"{hint}; allowed: {allowed}': "Kein Anliegen verlangt die Fähigkeit „{value}“{hint}. Möglich: {allowed}.",
    'there is no gateway "{value}"{hint}; allowed: {allowed}': "Das Gateway „{value}“ gibt es nicht{hint}. Möglich: {allowed}.",
    'there is no time zone "{value}"{hint}; write one as "Europe/Berlin"': "Die Zeitzone „{value}“ gibt es nicht{hint}. Schreiben Sie zum Beispiel „Europe/Berlin“.",
    'no agent has the skill "{value}"{hint}; agents have: {allowed}': "Niemand hat die Fähigkeit „{value}“{hint}. Vorhanden sind: {allowed}.",
    '"{skill}" is among the skills of "{agent}" already, and so a first choice; leave it out': "„{skill}“ ist bei „{agent}“ schon 1. Wahl. Lassen Sie es hier weg.",
}

_FORMS: dict[str, str] = {
    'the field "{value}" is on the page of every request already; not allowed: {taken}': "Das Feld „{value}“ steht schon bei jedem Anliegen auf der Seite. Vergeben sind: {taken}.",
    'the field "{value}" is a choice without choices; add choices: [one, two]': "Beim Feld „{value}“ gibt es nichts zu wählen. Ergänzen Sie die Möglichkeiten unter „choices“.",
    "only a field of the kind choice has choices, this one is {kind}": "Möglichkeiten hat nur ein Feld der Art „choice“; dieses hat die Art „{kind}“.",
    '"{agent}" telephones in the page, which therefore must be open; "optional" is allowed with phone: desk only': "„{agent}“ telefoniert in der Seite, also braucht es die offene Seite. „optional“ geht nur mit Tischtelefon (phone: desk).",
    '"{letters}" runs backwards; write "{span}"': "„{letters}“ läuft rückwärts. Schreiben Sie „{span}“.",
    '"{value}" is not a valid telephone number (country code {number}, area code {number2}); write it as it is dialled': "„{value}“ ist keine gültige Telefonnummer (Landesvorwahl {number}, Ortsvorwahl {number2}). Schreiben Sie sie, wie man sie wählt.",
    "{number} is more than max_digits ({number2}); at most as many are allowed": "{number} ist mehr als „max_digits“ ({number2}). Nehmen Sie höchstens diese Zahl.",
}

_HOURS: dict[str, str] = {
    'the hotline never opens; give at least one day hours, as monday: ["08:00-18:00"]': 'Die Hotline öffnet nie. Geben Sie mindestens einem Tag eine Zeit, wie monday: ["08:00-18:00"].',
    "{time} ends before it begins; the end must be later than the start, on the same day": "{time} endet, bevor es beginnt. Das Ende liegt nach dem Beginn, am selben Tag.",
    "{time} overlaps {time2} of the same day; intervals must not overlap": "{time} überschneidet sich mit {time2} am selben Tag.",
    "{time} overlaps {time2}; windows must not overlap": "{time} überschneidet sich mit {time2}.",
    '{time} is not on full hours; only full hours are said to callers, as "09:00-11:00"': "{time} beginnt oder endet nicht zur vollen Stunde. Angesagt werden nur volle Stunden, wie „09:00-11:00“.",
    "{day} is before {day2}; the last day must not be before the first": "{day} liegt vor {day2}. Der letzte Tag kann nicht vor dem ersten liegen.",
    "a closure of every year must be shorter than a year": "Eine jährliche Schließzeit muss kürzer als ein Jahr sein.",
    "this is the same time as {path}; remove one of the two": "Das ist dieselbe Zeit wie {path}. Löschen Sie einen der beiden Einträge.",
    'no holidays are known for the country "{value}"; write one as "DE"': "Für das Land „{value}“ sind keine Feiertage bekannt. Schreiben Sie zum Beispiel „DE“.",
    '"{value}" is no state of {country}; allowed: {allowed}': "„{value}“ ist kein Bundesland von {country}. Möglich: {allowed}.",
}

_NETWORK: dict[str, str] = {
    'the gateway "{value}" needs addresses or a registration, otherwise no call comes from it': "Das Gateway „{value}“ braucht Adressen oder eine Anmeldung, sonst kommt von dort kein Anruf.",
    "a gateway that connects to us by tls needs our certificate: add network.tls": "Ein Gateway, das sich mit tls verbindet, braucht unser Zertifikat: Ergänzen Sie network.tls.",
    "srtp needs transport: tls, because its keys travel in the signalling": "„srtp“ braucht „transport: tls“, weil seine Schlüssel mit der Signalisierung übertragen werden.",
    '"{value}" is already an address of the gateway "{gateway}"; each may be used once': "„{value}“ ist schon eine Adresse des Gateways „{gateway}“. Jede ist nur einmal möglich.",
    '"{value}" is not an address or network; write it as "192.0.2.10" or "192.0.2.0/24"': "„{value}“ ist weder Adresse noch Netz. Schreiben Sie es wie „192.0.2.10“ oder „192.0.2.0/24“.",
    '"{value}" would let the whole internet in; name the address or network of the gateway': "„{value}“ ließe das ganze Internet herein. Nennen Sie Adresse oder Netz des Gateways.",
    '"{value}" matches the same numbers as "{other}"; each number may match once': "„{value}“ passt auf dieselben Nummern wie „{other}“. Löschen Sie eines der beiden Muster.",
    "{number} to {number2} runs backwards; from must be less than to": "{number} bis {number2} läuft rückwärts. Die erste Zahl ist die kleinere.",
    "{number} to {number2} are too few ports; at least {number3} are needed, two for each leg": "{number} bis {number2} sind zu wenige Ports. Nötig sind mindestens {number3}, zwei für jede Verbindung.",
    "{number} lies within the RTP ports {number2} to {number3}; take another": "{number} liegt in den RTP-Ports {number2} bis {number3}. Nehmen Sie einen anderen Port.",
    "port {number} is already taken by another part of the hotline; each needs a port of its own": "Port {number} gehört schon zu einem anderen Teil der Hotline. Jeder braucht seinen eigenen.",
    "{address} is our own SIP port; give the gateway's port": "{address} ist der SIP-Port der Hotline selbst. Nennen Sie den Port des Gateways.",
    "the demo mailbox needs host: 127.0.0.1, not {host}; it is for trying out": "Das Postfach zum Ausprobieren braucht „host: 127.0.0.1“, nicht {host}.",
    "the demo mailbox knows no encryption; write security: none": "Das Postfach zum Ausprobieren kennt keine Verschlüsselung. Schreiben Sie „security: none“.",
    "none is allowed only to a mail server on this machine; write starttls or tls": "Unverschlüsselt („none“) geht es nur zu einem Mailserver auf diesem Rechner. Schreiben Sie „starttls“ oder „tls“.",
    "a user needs a secret_file, which holds the password": "Zum Benutzer („user“) gehört „secret_file“: die Datei mit dem Kennwort.",
    "a secret_file needs a user": "Zu „secret_file“ gehört ein Benutzer („user“).",
}

_TRANSFERS: dict[str, str] = {
    'the gateway "{value}" cannot be dialled: it needs a registration or one single address': "Über das Gateway „{value}“ kann niemand angerufen werden: Es braucht eine Anmeldung oder eine einzelne Adresse.",
    "numbers outside are dialled through a gateway: name it in transfers.gateway": "Nummern nach draußen werden über ein Gateway gewählt. Nennen Sie es unter transfers.gateway.",
    "case workers are dialled through a gateway: name it in transfers.gateway": "Die Sachbearbeitung wird über ein Gateway angerufen. Nennen Sie es unter transfers.gateway.",
    "callbacks that keep the place are dialled through a gateway: name it in transfers.gateway": "Rückrufe, bei denen der Platz erhalten bleibt, werden über ein Gateway gewählt. Nennen Sie es unter transfers.gateway.",
    '"{value}" is an emergency number; take another extension': "„{value}“ ist eine Notrufnummer. Nehmen Sie eine andere Durchwahl.",
    '"{value}" is a number under which the hotline is called; take another extension': "Unter „{value}“ wird die Hotline angerufen. Nehmen Sie eine andere Durchwahl.",
    '"{value}" is already the extension of the agent "{agent}"; each may be used once': "Die Durchwahl „{value}“ hat schon „{agent}“.",
    '"{value}" is an emergency number; callers are never handed on to one': "„{value}“ ist eine Notrufnummer. Dorthin wird niemand weitergegeben.",
    '"{value}" is a number of the hotline itself': "„{value}“ ist eine Nummer der Hotline selbst.",
    '"{value}" is the number of the hotline itself': "„{value}“ ist die Nummer der Hotline selbst.",
    '"{value}" is no valid number; write an extension of 2 to 6 digits, or a number with its area code': "„{value}“ ist keine gültige Nummer. Schreiben Sie eine Nebenstelle mit 2 bis 6 Ziffern oder eine Nummer mit Vorwahl.",
    '"{value}" is no fixed or mobile number of this country; service, premium and foreign numbers are not dialled': "„{value}“ ist keine Festnetz- oder Mobilnummer im Inland. Sondernummern und Nummern im Ausland werden nicht gewählt.",
    "{number} distances between {number2} tries; at most {number3} allowed": "{number} Abstände bei {number2} Versuchen sind zu viele. Möglich sind höchstens {number3}.",
}

_CASE_WORKERS: dict[str, str] = {
    'no case worker has the address "{value}"{hint}; allowed: {allowed}': "Niemand in der Sachbearbeitung hat die Adresse „{value}“{hint}. Möglich: {allowed}.",
    '"{value}" is {name} themselves; name another case worker, or leave deputy out': "„{value}“ ist die Adresse von {name} selbst. Nennen Sie jemand anderen, oder lassen Sie die Vertretung weg.",
    '{name} has the deputy "{value}" at {path}; name the same one': "{name} hat an anderer Stelle ({path}) die Vertretung „{value}“. Nennen Sie dieselbe.",
    "the deputies go round in a circle ({way}); leave one of them out": "Die Vertretungen laufen im Kreis ({way}). Lassen Sie eine davon weg.",
}

_LANGUAGES: dict[str, str] = {
    'this text is missing in "{language}"; callers would hear it in German': "Dieser Text fehlt in der Sprache „{language}“. Wer anruft, würde ihn auf Deutsch hören.",
    'the request type "{value}" is missing in "{language}"; write what callers hear': "Das Anliegen „{value}“ fehlt in der Sprache „{language}“. Schreiben Sie, was angesagt wird.",
    '{voice} cannot read texts in "{language}"; choose a voice for "{language2}"': "Die Stimme {voice} kann Texte in der Sprache „{language}“ nicht lesen. Wählen Sie eine Stimme für „{language2}“.",
}

CHECKS: dict[str, str] = {
    **_NAMES,
    **_FORMS,
    **_HOURS,
    **_NETWORK,
    **_TRANSFERS,
    **_CASE_WORKERS,
    **_LANGUAGES,
}
