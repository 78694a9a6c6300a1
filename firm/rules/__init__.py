"""Judgement: each rule takes values and returns a verdict, a floor or a count; no clock, no log, no wait, no float."""
