"""Spoken: which pages are in the reader's language. What is about something else is in English until it is translated, and says so."""

SPOKEN = frozenset(
    {
        "find.html",
        "keys.html",
        "new_password.html",
        "passkey_new.html",
        "password.html",
        "problem.html",
        "proof.html",
        "recovery_codes.html",
        "security.html",
        "sign_in.html",
        "sign_in_factor.html",
        "staff_components.html",
        "totp.html",
    }
)
"""Templates of whole pages. What else they are made of is `shell/`, and what a test follows from them."""
