"""The language of stories: a line that cannot be meant is refused with its number, what was read, and what may have been meant."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.story.grammar import LINES_MAX, read_story
from appliance.story.playing import play
from appliance.story.refused import StoryRefused
from appliance.story.words import Opened, Priced
from firm.inputs import Side

FOLDER = Path(__file__).parent
TEXTS = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.story"))}
BEGINNING = """program two_step_static size 100,000.00 USD
Ada buys the program
Monday 2 June 2025
09:00 EURUSD 1.10000 / 1.10010
09:01 Ada buys 2 lots EURUSD as p1, stop 1.09500
"""


def refused(text: str) -> StoryRefused:
    with pytest.raises(StoryRefused) as caught:
        read_story(text, FOLDER)
    return caught.value


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Ada buyz 2 lots EURUSD as p2", "“WHO SIDE LOTS lot[s] SYMBOL as POSITION"),
        ("Ada closs p1", "“WHO closes POSITION[ at PRICE]” is near"),
        ("Adda closes p1", "nobody called Adda has bought: there is Ada"),
        ("Ada closes p2", "no position is called p2"),
        ("Ada buys 2 lots EURUSD as p1", "a position called p1 was opened before"),
        ("Ada buys 2 lots EURUDS as p2", "no symbol is called EURUDS: EURUSD is near"),
        ("Ada buys 2.005 lots EURUSD as p2", "2.005 is no volume: the smallest is 0.01 lots"),
        ("Ada buys 0 lots EURUSD as p2", "0 is no volume"),
        ("EURUSD 1.10000 / 1.100101", "1.100101 is no price of EURUSD, which has 5 decimals"),
        ("EURUSD 1.10010 / 1.10000", "the first is not above the second"),
        ("EURUSD 0 / 1.1", "0 is no price"),
        ("expect breech of daily_loss", "“expect breach of RULE[ at equity EQUITY][, floor FLOOR]” is near"),
        ("expect breach of dayly_loss", "no rule is called dayly_loss: daily_loss is near"),
        ("expect standing breeched", "there is no standing 'breeched': breached is near"),
        ("expect suspected because stale quota", "there is no doubt 'stale quota': stale_quote is near"),
        ("expect fact DealBoked", "no fact is called DealBoked: DealBooked is near"),
        ("expect refused because no monny", "there is no answer 'no monny': no_money is near"),
        ("expect floor of daily_loss 95,000.00 EUR", "EUR is not what the account is kept in: that is USD"),
        ("expect balance 95,000.001", "more than 2 decimals of USD"),
        ("expect of Ben: nothing", "nobody called Ben has bought: there is Ada"),
        ("Ada buys the program", "Ada has an account already"),
        ("Ben closes p1", "nobody called Ben has bought"),
        ("deposit -5.00", "an amount is above zero"),
        ("08:59 nothing happens", "08:59 is before the line above"),
        ("25:00 nothing happens", "25:00 is no time of day"),
        ("expect nothing, told 09:30", "only what the platform tells can be told later"),
        ("the bridge falls silent, told 09:30", "only what the platform tells can be told later"),
        ("Tuesday 4 June 2025", "4 June 2025 is a Wednesday"),
        ("Wednesday 4 Juni 2025", "there is no month 'Juni': June is near"),
        ("Wensday 4 June 2025", "there is no weekday 'Wensday': Wednesday is near"),
        ("Saturday 31 June 2025", "June 2025 has no day 31"),
        ("Monday 2 June 2025", "this day is not after the one above it"),
        ("program three_step", "it stands above the first day"),
        ("the program is published anew as three_steps", "there is no template 'three_steps': three_step is near"),
        ("the program is published anew with rules nowhere.toml", "cannot be read"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_meant_says_what_could_be(line: str, told: str) -> None:
    why = refused(BEGINNING + line)
    assert (why.line, why.told) == (6, line)
    assert told in str(why)
    assert str(why).startswith("line 6: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no program, no day or nobody who buys"),
        ("Ada buys the program", "a story begins with its program"),
        ("program two_steps_static", "there is no template 'two_steps_static': two_step_static is near"),
        ("program two_step_static\nzone Europe/Prag", "there is no zone 'Europe/Prag'"),
        ("program two_step_static\n09:00 nothing happens", "no day stands above it"),
        ("program two_step_static\nMonday 2 June 2025\nEURUSD 1.1 / 1.2", "it says no time"),
        ("program two_step_static\nAda buy the program\nMonday 2 June 2025", "line 2: “Ada buy the program”"),
        ("program two_step_static\nrules rules/daily_five.toml", "the story has a program already"),
        ("program two_step_static size 1,234.00 CHF", "no account can be kept in CHF"),
        ("program two_step_static size -1.00", "two_step_static cannot be sold so: size"),
        ("program two_step_static size 999,999,999.00", "the size that is sold is more than one trader may have"),
        ("program three_step size 99,999,999,999,999,999.00", "is more than any account holds"),
        ("rules stories.txt", "is called neither NAME.toml nor NAME.json"),
        ("program two_step_static\nMonday 2 June 2025\n" + "09:00 watermark\n" * LINES_MAX, "more than 5000 lines"),
    ],
)
def test_a_story_that_cannot_begin_says_why(text: str, told: str) -> None:
    assert told in str(refused(text))


def test_a_story_is_no_chronicle() -> None:
    """Time is played: a story of years would be."""
    assert read_story(BEGINNING + "Tuesday 7 July 2026", FOLDER)
    assert "more than 400 days after the first" in str(refused(BEGINNING + "Wednesday 8 July 2026"))


@pytest.mark.parametrize(
    ("day", "time", "told"),
    [
        ("Sunday 30 March 2025", "02:30", "does not exist on 2025-03-30 in Europe/Prague: the clocks pass over it. After 01:59 comes 03"),
        ("Sunday 26 October 2025", "02:30", "write 02:30:00 CEST (00:30:00 UTC) or 02:30:00 CET (01:30:00 UTC)"),
        ("Saturday 29 March 2025", "02:30 CEST", "no line has this shape"),
        ("Sunday 26 October 2025", "01:00 nothing happens, told 02:15", "02:15:00 comes twice"),
    ],
)  # fmt: skip
def test_a_time_that_a_change_of_the_clocks_makes_unclear_is_refused(day: str, time: str, told: str) -> None:
    assert told in str(refused(f"program two_step_static\nAda buys the program\n{day}\n{time}"))


def test_each_of_two_readings_can_be_meant() -> None:
    story = read_story(
        "program two_step_static\nAda buys the program\nSunday 26 October 2025\n02:30 CEST\n02:30 CET\n03:00", FOLDER
    )
    first, second, third = (line.at_us for line in story.lines[1:])
    assert (second - first, third - second) == (3600 * 10**6, 1800 * 10**6)


def test_figures_are_read_exactly() -> None:
    price, opened = (line.does for line in read_story(BEGINNING, FOLDER).lines[1:])
    assert price == Priced(symbol="EURUSD", bid=110_000, ask=110_010)
    assert opened == Opened(
        account="Ada", position="p1", side=Side.BUY, lots_e8=2 * 10**8, symbol="EURUSD", price=None, stop=109_500,
        target=0, commission=0,
    )  # fmt: skip


def test_comments_and_blank_lines_are_counted_and_say_nothing() -> None:
    assert refused(BEGINNING + "\n# a comment\n   \nAda closes p9  # another").line == 9


@settings(deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_a_story_with_any_slip_of_the_pen_is_played_or_refused(name: str, data: st.DataObject) -> None:
    """Nothing but a StoryRefused ever comes of a text."""
    text = TEXTS[name]
    at = data.draw(st.integers(0, len(text) - 1))
    instead = data.draw(
        st.sampled_from(["", "0", "9", " ", "-", ".", ",", "\n", ":", "x", "A", "é", "[", "%", text[at] * 2])
    )
    with contextlib.suppress(StoryRefused):
        play(read_story(text[:at] + instead + text[at + 1 :], FOLDER))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_line_at_all_is_read_or_refused(line: str) -> None:
    with contextlib.suppress(StoryRefused):
        read_story(BEGINNING + line, FOLDER)


@pytest.mark.parametrize("day", ["Monday 1 January 0001", "Saturday 1 January 2000", "Friday 31 December 9999"])
def test_a_year_that_no_clock_of_ours_reaches_is_refused_by_its_line(day: str) -> None:
    why = refused(f"program two_step_static\nAda buys the program\n{day}\n09:00")
    assert (why.line, why.told) == (3, day)
    assert "write a year from 2001 to 2098" in str(why)


def test_what_is_told_the_next_day_says_so() -> None:
    plain = BEGINNING + "Tuesday 3 June 2025\n09:00 EURUSD 1.1 / 1.1001, told "
    why = refused(plain + "08:00")
    assert "told 08:00 the next day" in str(why)
    assert refused(plain + "09:00").line == why.line
    [same, next_day] = [
        read_story(plain + told, FOLDER).lines[-1] for told in ("09:00:01", "08:00 the next day")
    ]  # fmt: skip
    assert same.told_us - same.at_us == 1_000_000
    assert next_day.told_us - next_day.at_us == 23 * 3_600_000_000
