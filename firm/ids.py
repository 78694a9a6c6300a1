"""Ids: 50 random bits drawn at the border, never by a desk, shown as ten letters in Crockford's base 32.

An id that is part of an input replays as it was. Fifty bits keep two ledgers that forked from one backup from
drawing the same id, fit SQLite's and JSON's integers exactly, and can be read aloud: `7K2MQ-9XW3F`.
"""

ID_BITS = 50
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ = {letter: value for value, letter in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}


def id_text(number: int) -> str:
    """Ten base-32 letters in two groups of five."""
    if not 0 <= number < 1 << ID_BITS:
        raise ValueError(f"{number} is not an id: it must be between 0 and 2^{ID_BITS} - 1")
    letters = "".join(_ALPHABET[number >> shift & 31] for shift in range(ID_BITS - 5, -1, -5))
    return f"{letters[:5]}-{letters[5:]}"


def parse_id(text: str) -> int:
    """Read an id as people type it: lower case, O for 0, I or L for 1, with or without the dash."""
    letters = text.strip().upper().replace("-", "")
    if len(letters) != ID_BITS // 5 or any(letter not in _READ for letter in letters):
        raise ValueError(f"{text!r} is not an id: ten letters or digits such as 7K2MQ-9XW3F")
    number = 0
    for letter in letters:
        number = number << 5 | _READ[letter]
    return number
