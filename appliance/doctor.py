"""Doctor: looks a machine and a firm's directory over before they are trusted with money. Changes nothing, shows no one's data.

docs/operating/doctor.md explains each check and its remedy.
"""

import time
import zoneinfo
from pathlib import Path

from appliance.alarms.diagnosis import check_alarms
from appliance.brand_files import check_brand
from appliance.bridge_check import check_bridges
from appliance.copies_seen import check_copies, check_leftover
from appliance.documents.looking import is_shut_out
from appliance.finding import Finding, Level
from appliance.firm_checks import (
    check_checkpoint,
    check_directory,
    check_front,
    check_ledger,
    check_lock,
    check_policy,
    check_secrets,
    check_segments,
    check_settings,
)
from appliance.machine_checks import (
    check_clock,
    check_disk,
    check_documents,
    check_one_sqlite,
    check_port,
    check_python,
    check_sqlite,
    check_zones,
    clock_is_synchronised,
)
from appliance.mail_check import check_mail
from appliance.ownership import another_owner, as_owner
from appliance.region_check import check_regions
from appliance.served_settings import check_served_settings
from appliance.vault_check import check_vault
from storage.files import FirmDirectory


def run_doctor(path: Path) -> tuple[Finding, ...]:
    """Every check that can be made; what rests on something broken is left out, because the broken thing is named."""
    directory = FirmDirectory(path)
    now_us = time.time_ns() // 1_000
    findings = [check_python(), check_sqlite(), check_zones(zoneinfo.TZPATH), *check_leftover(directory)]
    findings.append(check_documents(is_shut_out))
    if not path.is_dir():
        return (*findings, check_one_sqlite(None), check_directory(directory))
    if (
        owner := another_owner(path)
    ) is not None:  # what root looks at it may also leave files beside, which are root's
        found, asked = f"{path} belongs to {owner.name}, and root looks at it", f"evenhand doctor --data-dir {path}"
        return (*findings, Finding("directory", Level.PROBLEM, found, f'run "{as_owner(owner, asked)}"'))
    holder, lock = check_lock(directory)
    settings, setting = check_settings(directory)
    secrets, secret = check_secrets(directory)
    vitals, ledger = check_ledger(directory, secrets)
    findings += [check_one_sqlite(holder), check_directory(directory), secret, setting, lock]
    findings += [check_disk(directory), ledger, check_front(directory)]
    findings.append(check_clock(now_us, vitals.last_received_us if vitals else 0, synchronised=clock_is_synchronised()))
    if settings and vitals:
        findings.append(check_policy(directory, settings, holder))
        findings.append(check_checkpoint(vitals, settings, holder, now_us))
        findings.append(check_segments(directory, vitals, settings))
        findings.append(check_bridges(directory))
    if secrets and vitals:
        findings.append(check_vault(directory, secrets))
    if settings and vitals:
        findings.append(check_mail(directory, settings, now_us))
    if settings and secrets and vitals:
        findings.append(check_copies(directory, settings.backups, secrets))
    if settings:
        findings.append(check_served_settings(directory, settings, holder))
        findings.append(check_brand(directory, settings.brand, holder))
        findings.append(check_regions(settings))
        findings += check_alarms(directory, settings, holder)
        findings.append(check_port("web", settings.web.host, settings.web.port, holder))
        findings.append(check_port("gateway", settings.gateway.host, settings.gateway.port, holder))
    return tuple(findings)
