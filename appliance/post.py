"""Post: the courier of mails to people, put together for one machine, where its settings name a mail server."""

from appliance.assembly import Machine
from appliance.clock import wall_us
from appliance.mail_courier import MailCourier
from appliance.mail_writing import House, MailWriter
from appliance.smtp import Smtp


def mail_courier(machine: Machine) -> MailCourier | None:
    """None where people are not written to."""
    settings = machine.settings
    if not settings.mail.host:
        return None
    house = House(
        firm=settings.firm.name,
        sender=settings.mail.sender,
        origin=settings.web.origin,
        support=machine.brand.support,
        lineage=machine.ledger.lineage.hex()[:16],
    )
    writer = MailWriter(house, machine.brand.letters, machine.vault, machine.links, machine.reader, wall_us)
    return MailCourier(
        settings.mail,
        Smtp(settings.mail, machine.secret_texts.mail_password),
        writer,
        machine.reader,
        machine.throttle,
        ask=machine.ask,
        held=lambda: machine.runner.held,
        now_us=machine.clock.now_us,
        wall_us=wall_us,
    )
