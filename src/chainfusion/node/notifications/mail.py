"""Letters by e-mail: plain text in Chinese and English, with a stable Message-ID, so that a repeat is seen as one."""

from __future__ import annotations

import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from chainfusion.node.notifications.outbox import Letter
from chainfusion.node.notifications.refusals import Undelivered
from chainfusion.node.notifications.settings import MailSettings, Security, secret_of

PATIENCE = 20
"""Seconds that a mail server may take to answer."""


def message_of(letter: Letter, sender: str, recipient: str, base: str) -> EmailMessage:
    """The letter as RFC 5322 has it. Names come from other institutions: what is no printable character is a blank."""
    message = EmailMessage()
    message["Subject"] = _line(f"{letter.title.zh} | {letter.title.en}")
    message["From"], message["To"] = sender, recipient
    message["Date"] = format_datetime(datetime.fromtimestamp(letter.added, UTC))
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    title, about = letter.title, letter.about
    lines = (title.zh, about.zh, title.en, about.en)
    chinese, english = "\n".join(map(_line, lines[:2])), "\n".join(map(_line, lines[2:]))
    message.set_content(f"{chinese}\n\n{english}\n\n{base.rstrip('/')}{_line(letter.path)}\n")
    return message


def send_mail(home: Path, settings: MailSettings, letter: Letter, recipient: str, base: str) -> None:
    """Hands a letter to the mail server. Raises: Undelivered."""
    message = message_of(letter, settings.sender, recipient, base)
    try:
        with _connected(settings) as server:
            if settings.user:
                server.login(settings.user, secret_of(home, settings.secret_file).decode())
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise Undelivered(f"recipient refused: {codes}", for_good=all(500 <= code < 600 for code in codes)) from None
    except smtplib.SMTPResponseException as error:
        for_good = 500 <= error.smtp_code < 600 and not isinstance(error, smtplib.SMTPAuthenticationError)
        raise Undelivered(f"{error.smtp_code} {error.smtp_error!r}", for_good=for_good) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(f"{type(error).__name__}: {error}", for_good=False) from None


def _connected(settings: MailSettings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.security is Security.TLS:
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=PATIENCE, context=context)
    server = smtplib.SMTP(settings.host, settings.port, timeout=PATIENCE)
    if settings.security is Security.STARTTLS:
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
