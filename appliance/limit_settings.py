"""Limit settings: how much may be asked of the pages and the API, by whom, at once and in the long run.

The defaults are such that a person with ten open tabs never meets them, nor an office of fifty behind one address.
"""

from typing import Annotated

from msgspec import Meta

from appliance.section import Section
from web.allowance import Limits, Rate

PerMinute = Annotated[int, Meta(ge=10, le=1_000_000)]
Burst = Annotated[int, Meta(ge=10, le=100_000)]


class LimitSettings(Section, frozen=True, kw_only=True):
    """Requests: so many a minute in the long run, and so many at once. What is beyond is answered 429, with how long to wait."""

    address_per_minute: Annotated[
        PerMinute,
        Meta(description="From one network address (of IPv6: one /64), of pages, static files and the API together."),
    ] = 1_800
    address_burst: Annotated[Burst, Meta(description="As many at once.")] = 1_200
    stream_per_minute: Annotated[
        PerMinute, Meta(description="Live pages opened from one network address; they count here and not above.")
    ] = 600
    stream_burst: Annotated[Burst, Meta(description="As many at once.")] = 300
    account_per_minute: Annotated[
        PerMinute, Meta(description="Pages of one person who is signed in, from wherever they ask.")
    ] = 600
    account_burst: Annotated[Burst, Meta(description="As many at once.")] = 300
    sign_in_per_minute: Annotated[
        PerMinute,
        Meta(
            description="Passwords tried from devices that nobody knows, by all strangers together; one network address may take a tenth "
            "of them, and half as many at once, a /48 of IPv6 a fifth. Known devices are not held up."
        ),
    ] = 60
    sign_in_burst: Annotated[Burst, Meta(description="As many at once.")] = 10
    key_per_minute: Annotated[PerMinute, Meta(description="Answers of the API to one key.")] = 300
    key_burst: Annotated[Burst, Meta(description="As many at once.")] = 60

    def limits(self) -> Limits:
        """As the pages have them."""
        return Limits(
            address=Rate(self.address_per_minute, self.address_burst),
            stream=Rate(self.stream_per_minute, self.stream_burst),
            account=Rate(self.account_per_minute, self.account_burst),
            sign_in=Rate(self.sign_in_per_minute, self.sign_in_burst),
            key=Rate(self.key_per_minute, self.key_burst),
        )
