"""`evenhand explain DECISION`: a decision in plain words: the rule, the account's numbers, every input, the arithmetic."""

import argparse

from appliance.commands.options import Verbs, add_decision, add_directory, add_json, tell, verb
from storage.afterwards import explain_decision
from storage.files import open_firm_directory
from storage.reader import LedgerReader


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "explain",
        run,
        "explain a decision in plain words, with every input and the arithmetic",
        "evenhand explain 48213 --data-dir var/demo/firm",
    )
    add_directory(parser)
    add_json(parser)
    add_decision(parser)


def run(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with LedgerReader(options.data_dir) as reader:
        paragraphs = explain_decision(reader, options.decision)
    told = {"decision": options.decision, "paragraphs": paragraphs}
    tell(options, told, "\n\n".join([f"Decision {options.decision}", *paragraphs]))
    return 0
