"""Would the mail server take our mails? Connects and says hello, never sends anything."""

import aiosmtplib

from config.schema import Mail, SmtpSecurity
from hotline.doctor.patient import START, Patient
from hotline.doctor.result import Result, bad, caution, good

PART = "SMTP"
SECONDS = 4.0


async def examine(patient: Patient) -> list[Result]:
    mail = patient.known.mail
    where = f"{mail.host}:{mail.port}"
    try:
        await greet(mail)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        if mail.demo_mailbox and patient.running is None:
            return [caution(PART, f"das Probe-Postfach läuft nicht ({where})", f"{START}.")]
        reason = str(error).partition("\n")[0] or type(error).__name__
        return [bad(PART, f"{where} ist nicht zu gebrauchen: {reason}", _ADVICE)]
    if mail.demo_mailbox:
        advice = f"Mails in {patient.state.mailbox}; im Betrieb demo_mailbox: false und einen Mailserver eintragen."
        return [caution(PART, f"Probe-Postfach auf {where}: keine Mail verlässt das Haus", advice)]
    return [good(PART, f"{where} antwortet ({_SECURITY[mail.security]})")]


async def greet(mail: Mail) -> None:
    """Connect, EHLO, encrypt as configured, goodbye. SMTPException or OSError when that fails."""
    async with aiosmtplib.SMTP(
        hostname=mail.host,
        port=mail.port,
        timeout=SECONDS,
        use_tls=mail.security is SmtpSecurity.TLS,
        start_tls=mail.security is SmtpSecurity.STARTTLS,
    ) as server:
        await server.ehlo()


_SECURITY = {
    SmtpSecurity.NONE: "unverschlüsselt",
    SmtpSecurity.STARTTLS: "verschlüsselt mit STARTTLS",
    SmtpSecurity.TLS: "verschlüsselt mit TLS",
}
_ADVICE = (
    "mail.host, mail.port, mail.security, Zertifikat und Firewall prüfen.\n"
    "Nichts geht verloren: Mails warten im Postausgang und werden immer wieder versucht."
)
