"""Mail settings: by which server people are written to, how many mails may go, and for how long each is tried."""

from typing import Annotated

from msgspec import Meta

from appliance.smtp import SmtpSettings


class PeopleMailSettings(SmtpSettings, frozen=True, kw_only=True):
    """Mails to traders and staff: links to confirm an address, new passwords, notices. The password, where there is one, is the text of
    the file `secrets/mail_password`. docs/operating/mail.md tells how.
    """

    per_person_max: Annotated[
        int, Meta(ge=3, le=1_000, description="Mails that one person gets within an hour, at the most; others wait.")
    ] = 20
    per_minute_max: Annotated[
        int, Meta(ge=1, le=1_000, description="Mails that all get within a minute, at the most; others wait.")
    ] = 60
    tried_for_h: Annotated[
        int,
        Meta(
            ge=1, le=120, description="A mail that is not taken for this long is given up. Links are given up sooner."
        ),
    ] = 48

    def __post_init__(self) -> None:
        """Refuse what could deliver nothing, or would send a password in the clear."""
        if self.host:
            self.require_speakable("mail")
