"""Alerts reach a mail server, a webhook and a Slack hook; all of them real, on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from rcm_platform.automation import alerts
from rcm_platform.automation.alert_sensors import alert_sensors
from rcm_platform.automation.alerts import Alert
from rcm_platform.ingest import lake_access
from rcm_platform.ingest import load as ingest_load
from rcm_platform.ingest.quarantine import last_load
from rcm_platform.operate import unchanged
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.warehouse import build_state
from rcm_platform_tests.cli.test_quarantine_cli import REMIT
from rcm_platform_tests.conftest import LAST_DAY
from rcm_platform_tests.support.servers import free_port

ALERT = Alert(
    "run_failed", "Run of nightly failed", "As of 2025-12-31: no disk.", "http://ui/runs/7"
)


class Mailbox:
    """Keeps what a mail server is sent."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        self.received.append(envelope)
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, f"smtp://127.0.0.1:{port}"
    controller.stop()


def test_everyone_configured_is_told(
    mail: tuple[Mailbox, str], hook: tuple[list[dict[str, Any]], str]
) -> None:
    (box, smtp_url), (posts, url) = mail, hook
    settings = Settings(
        smtp_url=smtp_url,
        alert_email_to="cfo@example.org,ops@example.org",
        alert_webhook_url=f"{url}/hook",
        alert_slack_url=f"{url}/slack",
    )
    outcome = alerts.send(settings, ALERT)
    assert outcome == {"email": "sent", "webhook": "sent", "slack": "sent"}
    (envelope,) = box.received
    assert envelope.rcpt_tos == ["cfo@example.org", "ops@example.org"]
    message = message_from_bytes(envelope.content or b"")  # type: ignore[arg-type]
    assert message["Subject"] == "[rcm_platform] Run of nightly failed"
    assert "no disk" in str(message.get_payload())
    assert posts[0] == {"path": "/hook", "body": vars(ALERT)}
    assert ALERT.link in posts[1]["body"]["text"]


def test_one_broken_sink_keeps_no_other_from_hearing(
    hook: tuple[list[dict[str, Any]], str],
) -> None:
    posts, url = hook
    settings = Settings(
        smtp_url="smtp://127.0.0.1:9",
        alert_email_to="cfo@example.org",
        alert_webhook_url=f"{url}/broken",
        alert_slack_url=f"{url}/slack",
    )
    outcome = alerts.send(settings, ALERT)
    assert outcome["email"].startswith("not sent")
    assert "500" in outcome["webhook"]
    assert outcome["slack"] == "sent"
    assert len(posts) == 2


def test_nobody_configured_is_no_error() -> None:
    assert alerts.send(Settings(), ALERT) == {}


def _sensor(settings: Settings, name: str) -> dg.SensorDefinition:
    return next(sensor for sensor in alert_sensors(settings) if sensor.name == name)


@dg.asset
def broken() -> None:
    raise ValueError("the disk is full")


@dg.asset
def figures() -> None:
    pass


@dg.asset_check(asset=figures)
def equal() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN)


def _run(
    definitions: dg.Definitions, instance: dg.DagsterInstance, job: str = "__ASSET_JOB"
) -> dg.ExecuteInProcessResult:
    found = definitions.resolve_job_def(job)
    return found.execute_in_process(instance=instance, raise_on_error=False)


@pytest.mark.parametrize(("job", "is_held"), [("nightly", True), ("__ASSET_JOB", False)])
def test_a_failed_run_is_told_and_one_that_was_to_publish_is_marked(
    tmp_path: Path, hook: tuple[list[dict[str, Any]], str], job: str, is_held: bool
) -> None:
    posts, url = hook
    settings = Settings(home=tmp_path, alert_webhook_url=url)
    with dg.DagsterInstance.ephemeral() as instance:
        nightly = dg.define_asset_job("nightly")
        result = _run(dg.Definitions(assets=[broken], jobs=[nightly]), instance, job)
        context = dg.build_run_status_sensor_context(
            sensor_name="alert_on_failure",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_failure_event(),
        ).for_run_failure()
        _sensor(settings, "alert_on_failure")(context)
    assert posts[0]["body"]["kind"] == "run_failed"
    assert result.run_id in posts[0]["body"]["link"]
    held = versions.held(settings.published_dir)
    assert (held is not None) == is_held
    assert not held or result.run_id in str(held)


def test_a_check_that_only_warns_is_told_too(
    tmp_path: Path, hook: tuple[list[dict[str, Any]], str]
) -> None:
    posts, url = hook
    settings = Settings(home=tmp_path, alert_webhook_url=url)
    with dg.DagsterInstance.ephemeral() as instance:
        result = _run(dg.Definitions(assets=[figures], asset_checks=[equal]), instance)
        context = dg.build_run_status_sensor_context(
            sensor_name="alert_on_failed_check",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_success_event(),
        )
        _sensor(settings, "alert_on_failed_check")(context)
    assert posts[0]["body"]["kind"] == "check_failed"
    assert "figures: equal" in posts[0]["body"]["text"]


@dg.asset(key=["published", "operations"])
def published_file() -> None:
    pass


@pytest.mark.parametrize(("job", "is_noted"), [("nightly", True), ("__ASSET_JOB", False)])
def test_after_a_nightly_run_the_next_knows_what_it_was_made_of(
    copied: Settings, job: str, is_noted: bool
) -> None:
    (copied.data_dir / "proven.json").unlink()
    # the project stands elsewhere than the one that was built
    build_state.build_ended(copied, lake_access.open_lake(copied), LAST_DAY)
    with dg.DagsterInstance.ephemeral() as instance:
        nightly = dg.define_asset_job("nightly")
        result = _run(dg.Definitions(assets=[published_file], jobs=[nightly]), instance, job)
        context = dg.build_run_status_sensor_context(
            sensor_name="alert_on_failed_check",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_success_event(),
        )
        _sensor(copied, "alert_on_failed_check")(context)
    assert (unchanged.proven_report(copied) is not None) == is_noted


def test_what_a_load_held_is_told_once(
    tmp_path: Path, hook: tuple[list[dict[str, Any]], str]
) -> None:
    posts, url = hook
    folder = tmp_path / "in"
    folder.mkdir()
    settings = Settings(
        home=tmp_path, world=False, x12_dir=folder, alert_webhook_url=url, ui_url="http://ui:9/"
    )
    sensor = _sensor(settings, "alert_on_held_files")
    cursor = None

    def load() -> None:
        with lake_access.writing(settings) as lake:
            ingest_load.load_source(settings, lake, "x12_folder")
            last_load.note_load(settings, lake)

    def look(told: int) -> None:
        nonlocal cursor
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance=instance, cursor=cursor)
            sensor(context)
            cursor = context.cursor
        assert len(posts) == told

    look(told=0)
    (folder / "off.835").write_text(REMIT.format(number=1, usage="P", paid="139", date="250311"))
    load()
    look(told=1)
    look(told=1)
    load()  # nothing new
    look(told=1)
    (folder / "good.835").write_text(REMIT.format(number=2, usage="P", paid="140", date="250312"))
    load()
    look(told=1)
    (folder / "off2.835").write_text(REMIT.format(number=3, usage="P", paid="138", date="250313"))
    load()
    look(told=2)
    first, second = (post["body"] for post in posts)
    assert first["kind"] == "held"
    assert first["title"] == "1 item ($139.00) is held"
    assert "off.835" in first["text"]
    assert "The payment is not the sum of its claims" in first["text"]
    assert "rcm quarantine show" in first["text"]
    assert "DOE" not in str(posts)
    assert first["link"] == "http://ui:9/assets/raw/platform/quarantine"
    assert "off2.835" in second["text"]
    assert "off.835" not in second["text"]


def test_stale_figures_are_told_once(
    tmp_path: Path, hook: tuple[list[dict[str, Any]], str]
) -> None:
    posts, url = hook
    settings = Settings(home=tmp_path, alert_webhook_url=url)
    folder = settings.published_dir / "00001-2025-12-30"
    folder.mkdir(parents=True)
    versions._point(settings.published_dir, versions.Version(folder.name, "2025-12-30"))
    sensor = _sensor(settings, "alert_on_stale_figures")
    cursor = None
    for hours, told in ((1, 0), (40, 1), (41, 1)):
        written = (datetime.now(UTC) - timedelta(hours=hours)).timestamp()
        os.utime(folder, (written, written))
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance=instance, cursor=cursor)
            sensor(context)
            cursor = context.cursor
        assert len(posts) == told
    assert "2025-12-30" in posts[0]["body"]["title"]
