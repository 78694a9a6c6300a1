"""The ticket: small pages on which a person trades an account of the simulated platform by hand, served by the simulator itself.

Belongs here: reading a trader's forms, showing an account as the platform has it, and letting nobody else near it. Does not
belong here: what an order does, which `books.py` decides for people and bots alike, and anything of the firm's. The look is the
portal's: its stylesheet, icons and htmx are read from `web/static`, none of its code is.
"""
