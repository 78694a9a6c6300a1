"""Forms: strings from browsers become our words here, or a list of what is wrong with them. Nothing else reads form fields."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from litestar.connection import Request
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.exceptions import ClientException

from firm.bounds import SCORE_MAX
from firm.commands import KillSwitch, ReviewOutcome
from firm.facts import Refusal, Refused
from firm.instant import parse_utc
from firm.money import Money
from firm.overrides import AdjustMark, ExtendPhase, Mark, Override, Reinstate, WaiveRule
from web import words
from web.bounds import PASSWORD_LENGTH_MAX, WHY_LENGTH_MAX, WHY_LENGTH_MIN
from web.shell.speech import Speech

_Choice = TypeVar("_Choice")


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong, by field, and what was typed, so that nobody types it again. The key "" is about the form as a whole."""

    errors: dict[str, str]
    typed: dict[str, str]


def errors_in(read: object) -> dict[str, str]:
    """What is wrong with a field that was read, so that a form tells all that is wrong with it at once; nothing where it could be read."""
    return read.errors if isinstance(read, Wrong) else {}


class SignIn(msgspec.Struct, frozen=True):
    """A mail address and a password; `next` is a path of ours."""

    mail: str
    password: str
    next: str


class Kept(msgspec.Struct, frozen=True):
    """A form that was sent when the session had ended already: where it was going, and what was typed."""

    action: str
    typed: dict[str, str]


class Review(msgspec.Struct, frozen=True):
    """A reviewer's word with its reason."""

    outcome: ReviewOutcome
    why: str


class Exceptional(msgspec.Struct, frozen=True):
    """An exception from an account's rules, with its reason and evidence. `previewed`: it is only to be shown, not yet granted."""

    override: Override
    why: str
    evidence: str
    previewed: bool
    typed: dict[str, str]


class Scored(msgspec.Struct, frozen=True):
    """A score on a board, with the reason for it."""

    board: str
    score: int
    why: str
    typed: dict[str, str]


SECRETS = frozenset({"password", "present", "fresh", "again", "code", "credential"})  # fields that no page carries on
KEPT = "kept"  # the hidden fields in which a form waits for a sign-in


async def fields_of(request: Request[Any, Any, Any]) -> FormMultiDict:
    """What was sent. Raises ClientException where it is not text in the letters that it says it is in."""
    try:
        return await request.form()
    except (LookupError, UnicodeError) as unreadable:
        raise ClientException("the form is in letters that we do not know") from unreadable


def read_sign_in(fields: Mapping[str, Any]) -> SignIn | Wrong:
    """What is wrong is told by the names of sentences in the shell's catalog."""
    mail, password = text_in(fields, "mail"), str(fields.get("password", ""))[: PASSWORD_LENGTH_MAX + 1]
    errors = {}
    if not mail:
        errors["mail"] = "sign_in.no_mail"
    if not password:
        errors["password"] = "sign_in.no_password"  # noqa: S105  (the name of a sentence about one)
    if errors:
        return Wrong(errors, {"mail": mail})
    return SignIn(mail, password, path_of_ours(text_in(fields, "next")))


def read_kept(fields: Mapping[str, Any]) -> Kept | None:
    """What the sign-in page carried through for a form that waits to be sent."""
    action = path_of_ours(text_in(fields, KEPT))
    typed = {name.removeprefix(f"{KEPT}."): str(fields[name]) for name in fields if name.startswith(f"{KEPT}.")}
    return Kept(action, typed) if action != "/" else None


def keeping(action: str, typed: Mapping[str, str]) -> Kept | None:
    """A form that waits for whoever sent it to sign in or to prove themselves; None where it holds a secret, which is typed again."""
    return None if SECRETS & set(typed) else Kept(action, dict(typed))


def path_of_ours(text: str) -> str:
    """Where to go after signing in: a path on this site, or the front page. Never another site."""
    ours = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if ours else "/"


def read_review(fields: Mapping[str, Any]) -> Review | Wrong:
    outcome = choice_in(ReviewOutcome, text_in(fields, "outcome"))
    why, wrong = _why(fields)
    errors = dict(wrong)
    if outcome is None:
        errors["outcome"] = "Choose whether to confirm or to dismiss it."
    if errors or outcome is None:
        return Wrong(errors, {"outcome": text_in(fields, "outcome"), "why": why})
    return Review(outcome, why)


def read_why(fields: Mapping[str, Any]) -> str | Wrong:
    """The reason alone, for acts that need nothing else: a sentence, because two clicks must not be enough for them."""
    why, errors = _why(fields)
    if len(why) < WHY_LENGTH_MIN:
        errors = {"why": f"Say why in a sentence, of at least {WHY_LENGTH_MIN} characters: others read it later."}
    return Wrong(errors, {"why": why}) if errors else why


def read_exception(fields: Mapping[str, Any], money: Money) -> Exceptional | Wrong:
    """What one of the forms of exceptions asks for. `money`: any amount in the account's currency."""
    said = read_agreement(fields)
    typed = {name: text_in(fields, name) for name in _EXCEPTION_FIELDS}
    wanted, problem = _override_in(typed, money)
    if wanted is None or isinstance(said, Wrong):
        errors = said.errors if isinstance(said, Wrong) else {}
        return Wrong(errors if problem is None else {**errors, "override": problem}, typed)
    return Exceptional(wanted, *said, previewed=typed["step"] == "preview", typed=typed)


def read_score(fields: Mapping[str, Any]) -> Scored | Wrong:
    """A score to be published, with its board and its reason."""
    typed = {name: text_in(fields, name) for name in ("board", "score", "why")}
    _, errors = _why(fields)
    errors = dict(errors)
    if not typed["board"]:
        errors["board"] = "Choose the board."
    plain = typed["score"].replace(",", "")
    if not (plain.isascii() and plain.isdecimal() and int(plain[:20]) <= SCORE_MAX):
        errors["score"] = f"Write the score as a whole number, 0 to {SCORE_MAX:,}."
    return Wrong(errors, typed) if errors else Scored(typed["board"], int(plain), typed["why"], typed)


def read_agreement(fields: Mapping[str, Any]) -> tuple[str, str] | Wrong:
    """Reason and evidence alone."""
    why, errors = _why(fields)
    evidence = text_in(fields, "evidence")
    if not evidence or len(evidence) > WHY_LENGTH_MAX:
        errors = {**errors, "evidence": f"Name its evidence, such as a ticket, in 1 to {WHY_LENGTH_MAX} characters."}
    return Wrong(errors, {"why": why, "evidence": evidence}) if errors else (why, evidence)


_EXCEPTION_FIELDS = ("override", "decision", "rule", "until", "days", "mark", "amount", "why", "evidence", "step")


def _override_in(typed: Mapping[str, str], money: Money) -> tuple[Override | None, str | None]:
    """The exception, or what is wrong with what was typed."""
    try:
        match typed["override"]:
            case "reinstate":
                return Reinstate(decision=int(typed["decision"])), None
            case "waive_rule":
                return WaiveRule(rule=typed["rule"], until_us=parse_utc(typed["until"])), None
            case "extend_phase":
                return ExtendPhase(days=int(typed["days"])), None
            case "adjust_mark":
                mark = Mark(typed["mark"])
                amount = Money.parse(typed["amount"], money.currency, money.exponent)
                return AdjustMark(mark=mark, rule=typed["rule"] if mark is Mark.HIGH else "", minor=amount.minor), None
            case _:
                return None, "Choose which exception to make."
    except (ValueError, OverflowError):
        return None, _UNREADABLE[typed["override"]]


_UNREADABLE = {
    "reinstate": "Name the decision by its number.",
    "waive_rule": "Say until when, as a date and a time in UTC.",
    "extend_phase": "Say by how many days, as a whole number.",
    "adjust_mark": "Choose the mark, and write its amount as 99500.00.",
}


def read_settlement(fields: Mapping[str, Any]) -> tuple[bool, str] | Wrong:
    """What a person saw at the platform: whether a command had its effect."""
    happened = {"yes": True, "no": False}.get(text_in(fields, "happened"))
    why, errors = _why(fields)
    if happened is None:
        errors["happened"] = "Say whether the platform did it."
    if errors or happened is None:
        return Wrong(errors, {"why": why, "happened": text_in(fields, "happened")})
    return happened, why


async def read_checkpoint(fields: Mapping[str, Any], speech: Speech) -> str | Wrong:
    """A checkpoint that somebody kept, pasted or as a file, with the line ends that it was signed with."""
    chosen = fields.get("file")
    held = await chosen.read() if isinstance(chosen, UploadFile) else b""
    pasted = text_in(fields, "note")
    text = held.decode(errors="replace") if held else pasted
    wrong = Wrong({"note": speech("evidence.no_note")}, {"note": pasted})
    return f"{text.replace(chr(13), '').strip()}\n" if text.strip() else wrong


def read_switch(text: str) -> KillSwitch | None:
    return choice_in(KillSwitch, text)


def refusal_in(facts: tuple[tuple[int, object], ...]) -> Refusal | None:
    """The firm's no, where the answer to a command was no."""
    return next((Refusal(fact.refusal) for _, fact in facts if isinstance(fact, Refused)), None)


def refused_in(facts: tuple[tuple[int, object], ...]) -> str | None:
    """The same in plain words."""
    refusal = refusal_in(facts)
    return None if refusal is None else words.refusal(refusal)


def _why(fields: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    why = text_in(fields, "why")
    if not why:
        return why, {"why": "Say why. The reason is kept with the decision and cannot be changed later."}
    if len(why) > WHY_LENGTH_MAX:
        return why, {"why": f"Please say it in at most {WHY_LENGTH_MAX} characters; this has {len(why)}."}
    return why, {}


def text_in(fields: Mapping[str, Any], name: str) -> str:
    """A field's text without the spaces around it; empty where there is none."""
    value = fields.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def choice_in(choices: type[_Choice], text: str) -> _Choice | None:
    """The member of an enum that is written so, or None."""
    try:
        return choices(text)  # type: ignore[call-arg]  # an enum looks its member up by value
    except ValueError:
        return None
