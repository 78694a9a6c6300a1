"""What is said of a child that died: the last line that says something."""

from appliance.child import Child

GROUP = """\
  + Exception Group Traceback (most recent call last):
    | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
    +-+---------------- 1 ----------------
      | Traceback (most recent call last):
      | bridges.simulator.valuation.NoPrice: GBPUSD has no price yet
      +------------------------------------

"""


def test_the_frame_of_an_error_group_is_no_last_word(tmp_path):
    child = Child("platform", [], tmp_path / "log", print)
    assert child.last_words() == "it left no word"
    child.log.write_text(GROUP)
    assert child.last_words() == "bridges.simulator.valuation.NoPrice: GBPUSD has no price yet"
    child.log.write_text("evenhand: the port is taken\n")
    assert child.last_words() == "the port is taken"
