"""Front told: what front.db has of one person, as their file tells it: sessions and known devices as on /security, and drafts."""

from typing import Any

from firm.instant import utc_text
from storage.devices import DeviceBook
from storage.drafts import DraftStore
from storage.sessions import SessionStore
from web.signed import read_signed


def front_told(
    sessions: SessionStore, devices: DeviceBook, drafts: DraftStore, person: str, now_us: int
) -> dict[str, Any]:
    """`now_us`: wall time. Reads a file; may raise FrontRefused. Nothing in it opens a door."""
    return {
        "sessions": [
            {
                "name": name,
                "device": read_signed(each.content).words,
                "began": utc_text(each.created_us),
                "seen": utc_text(each.seen_us),
                "ends": utc_text(each.expires_us),
            }
            for name, each in sessions.listed(person, now_us)
        ],
        "devices": [
            {"name": each.name, "device": each.words, "first": utc_text(each.first_us), "seen": utc_text(each.seen_us)}
            for each in devices.listed(person)
        ],
        "drafts": [
            {"name": each.name, "kept": utc_text(each.kept_us)} for each in drafts.lines() if each.person == person
        ],
    }
