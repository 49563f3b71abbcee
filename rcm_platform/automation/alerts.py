"""Tell people that a run failed, a check failed, files were held or the figures are stale: by
e-mail, to a webhook, to Slack. Who is told is a matter of settings; what is said names the run or
the file and never a patient."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from typing import Literal
from urllib.parse import unquote, urlsplit

from rcm_platform.settings import Settings

UI_URL = "http://127.0.0.1:3000"
"""Where the UI is, unless the settings or whoever serves it say otherwise."""

_TIMEOUT_SECONDS = 20


Kind = Literal["run_failed", "check_failed", "held", "stale"]


@dataclass(frozen=True)
class Alert:
    """What happened, in words that stand alone."""

    kind: Kind
    title: str
    text: str
    link: str
    """Where to look in the Dagster UI."""


def link(settings: Settings, path: str) -> str:
    """The address of a page of the Dagster UI, as people open it."""
    return f"{(settings.ui_url or UI_URL).rstrip('/')}{path}"


def send(settings: Settings, alert: Alert) -> dict[str, str]:
    """Send an alert to everyone configured; sink → "sent", or why it could not be.

    Never raises: that one sink is down must not keep the others from hearing.
    """
    sinks: dict[str, Callable[[Settings, Alert], None]] = {}
    if settings.alert_email_to:
        sinks["email"] = _email
    if settings.alert_webhook_url:
        sinks["webhook"] = _webhook
    if settings.alert_slack_url:
        sinks["slack"] = _slack
    outcome = {}
    for name, deliver in sinks.items():
        try:
            deliver(settings, alert)
            outcome[name] = "sent"
        except (OSError, ValueError, smtplib.SMTPException) as problem:
            # the URL of a hook is a secret: only what went wrong is said
            outcome[name] = f"not sent: {type(problem).__name__}: {problem}"
    return outcome


def _email(settings: Settings, alert: Alert) -> None:
    message = EmailMessage()
    message["Subject"] = f"[rcm_platform] {alert.title}"
    message["From"] = settings.alert_email_from
    message["To"] = settings.alert_email_to
    message.set_content(f"{alert.text}\n\n{alert.link}\n")
    server = urlsplit(settings.smtp_url)
    if server.scheme not in ("smtp", "smtps", "smtp+tls"):
        raise ValueError("RCM_SMTP_URL must start with smtp://, smtp+tls:// or smtps://")
    is_secure = server.scheme == "smtps"
    connect = smtplib.SMTP_SSL if is_secure else smtplib.SMTP
    port = server.port or (465 if is_secure else 25)
    with connect(server.hostname or "localhost", port, timeout=_TIMEOUT_SECONDS) as smtp:
        if server.scheme == "smtp+tls":
            smtp.starttls()
        if server.username:
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(message)


def _webhook(settings: Settings, alert: Alert) -> None:
    _post(settings.alert_webhook_url, asdict(alert))


def _slack(settings: Settings, alert: Alert) -> None:
    _post(
        settings.alert_slack_url,
        {"text": f"*{alert.title}*\n{alert.text}\n<{alert.link}|Open the Dagster UI>"},
    )


def _post(url: str | None, content: dict[str, str]) -> None:
    request = urllib.request.Request(
        str(url), json.dumps(content).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):
        pass
