"""Who decides: the engine with its one order, a desk per account, and the firm's other desks; couriers carry effects out.

Belongs here: mailboxes, desks, the shared scheduler, the clock courier, what pages may see live. Does not belong here:
SQL, frames, HTML. Desks are synchronous and deterministic: no clock, no chance, no network, no database.
"""
