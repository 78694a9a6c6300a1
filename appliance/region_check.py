"""Region check: whether the firm's regions hide what they should, as the doctor sees it: a region of one country is that country."""

from appliance.finding import Finding, Level
from appliance.region_settings import alone
from appliance.settings import Settings
from appliance.wording import counted

CHECK = "regions"


def check_regions(settings: Settings) -> Finding:
    regions = settings.placing
    if telling := alone(regions):
        found = f"a region of one country tells, in the ledger and for ever, whose country it is: {', '.join(telling)}"
        return Finding(CHECK, Level.WARNING, found, "put neighbours into it, unless that is meant")
    if not regions.names:
        return Finding(
            CHECK, Level.OK, "no country is in a region: nobody is placed, and staff are limited to programs alone"
        )
    return Finding(CHECK, Level.OK, f"{counted(len(regions.names), 'region')}, each of several countries")
