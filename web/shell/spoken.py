"""Spoken: which pages are in the reader's language. What is about something else is in English until it is translated, and says so."""

SPOKEN = frozenset(
    {
        "account.html",
        "accounts.html",
        "address.html",
        "address_asked.html",
        "address_confirmed.html",
        "confirm_address.html",
        "decision.html",
        "documents.html",
        "find.html",
        "forgotten_answered.html",
        "forgotten_password.html",
        "join.html",
        "join_answered.html",
        "kept_form.html",
        "keys.html",
        "new_address.html",
        "new_password.html",
        "notices.html",
        "passkey_new.html",
        "password.html",
        "personal.html",
        "problem.html",
        "proof.html",
        "recovery_codes.html",
        "rules.html",
        "security.html",
        "sign_in.html",
        "sign_in_factor.html",
        "staff_components.html",
        "status.html",
        "totp.html",
        "trades.html",
    }
)
"""Templates of whole pages. What else they are made of is `shell/`, and what a test follows from them."""
