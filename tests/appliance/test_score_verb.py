"""`evenhand score publish`: the scores of a board from a file, from the console of a firm that does not serve."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firm.ids import id_text

Run = Callable[..., tuple[int, str, str]]
ADA = id_text(7001)


@pytest.fixture
def scores(tmp_path: Path) -> Callable[[str], Path]:
    def written(text: str) -> Path:
        path = tmp_path / "scores.csv"
        path.write_bytes(text.encode())
        return path

    return written


def test_a_board_is_published_and_each_line_is_told(shop: Any, run: Run, scores: Callable[[str], Path]) -> None:
    """Ada's rules ask for no score: the firm says so, of that line, and goes on."""
    shop.machine.close()
    file = scores(
        f'account,board,score,why\n{ADA},Spring cup,12,"first, by far"\n\n{id_text(12)},Spring cup,3,second\n'
    )
    status, out, err = run("score", "publish", "--file", file, "--data-dir", shop.directory)
    assert (status, err) == (1, "")
    first, second = out.splitlines()
    assert first == (
        f"line 2: {ADA} Spring cup 12: refused: 'Spring cup' is no board of this account: none of its rules asks for a score"
    )
    assert second == f"line 4: {id_text(12)} Spring cup 3: refused: no account 12"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("account,board\n", "line 1: the columns are account,board,score,why (why may be left out)"),
        ("account,board,score\n", "has no score: each is a line under account,board,score,why"),
        (f"account,board,score\n{ADA},Spring cup,12\n", "line 2, why: say it in 1 to 500 characters"),
        (f"account,board,score,why\n{ADA},Spring cup,12\n", "line 2: 3 values instead of 4"),
        (f"account,board,score,why\n{ADA},,12,x\n", "line 2, board: it is empty"),
        (f"account,board,score,why\n{ADA},Spring cup,-1,x\n", "line 2, score: '-1' is no whole number from 0 to"),
        (f"account,board,score,why\n{ADA},Spring cup,1e3,x\n", "line 2, score: '1e3' is no whole number"),
        (f"account,board,score,why\n{ADA},Spring cup,1000000000001,x\n", "line 2, score:"),
        ("account,board,score,why\nnobody,Spring cup,1,x\n", "line 2, account:"),
        (
            f"account,board,score,why\n{ADA},Spring cup,1,x\n{ADA},Spring cup,2,x\n",
            f"line 3: {ADA} on Spring cup has a score in line 2",
        ),
        (f'account,board,score,why\n{ADA},"Spring cup,1,x\n', "line 2: unexpected end of data"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    shop: Any, run: Run, scores: Callable[[str], Path], text: str, told: str
) -> None:
    shop.machine.close()
    status, out, err = run("score", "publish", "--file", scores(text), "--data-dir", shop.directory)
    assert (status, out) == (2, "")
    assert told in err


def test_what_is_no_text_says_its_line(shop: Any, run: Run, tmp_path: Path) -> None:
    shop.machine.close()
    path = tmp_path / "scores.csv"
    path.write_bytes(b"account,board,score\n\xff\n")
    assert "line 2: no UTF-8" in run("score", "publish", "--file", path, "--data-dir", shop.directory)[2]
    missing = run("score", "publish", "--file", tmp_path / "none.csv", "--data-dir", shop.directory)
    assert "cannot be read (No such file or directory)" in missing[2]


def test_the_reason_may_be_one_for_all(shop: Any, run: Run, scores: Callable[[str], Path]) -> None:
    shop.machine.close()
    file = scores(f"\ufeffaccount,board,score\n{ADA},Spring cup,12\n")
    told = run("score", "publish", "--file", file, "--why", "the cup", "--data-dir", shop.directory, "--json")
    [line] = json.loads(told[1])
    assert (line["line"], line["account"], line["score"], line["answer"]) == (2, ADA, 12, "unknown_board")
