"""Rotations: what the ledger says of the vault's masters, by their ids."""

import msgspec

from firm.inputs import Input, MasterRotationBegun, MasterRotationEnded
from firm.kinds import body_of
from storage.master import master_id
from storage.reader import LedgerReader


class Told(msgspec.Struct, frozen=True):
    """A rotation as the ledger has it. `ended_us`: None where no row says that it ended."""

    was: str
    becomes: str
    begun_us: int
    ended_us: int | None = None


def rotations(reader: LedgerReader) -> list[Told]:
    """The oldest first. One to the same master that was begun again is one."""
    seqs = sorted([*reader.landmarks(MasterRotationBegun.__name__), *reader.landmarks(MasterRotationEnded.__name__)])
    told: list[Told] = []
    for row in filter(None, map(reader.row, seqs)):
        match body_of(row.kind, row.payload):
            case MasterRotationBegun(was=was, becomes=becomes):
                told.append(Told(was, becomes, row.happened_us))
            case MasterRotationEnded(master=master) if told and told[-1].becomes == master:
                told[-1] = msgspec.structs.replace(told[-1], ended_us=row.happened_us)
    return told


def open_rotation(reader: LedgerReader) -> Told | None:
    """The newest, where it has not ended."""
    newest = next(reversed(rotations(reader)), None)
    return newest if newest is not None and newest.ended_us is None else None


def rotation_to_tell(reader: LedgerReader, master: bytes) -> Input | None:
    """That the rotation has ended which a kill kept from saying so: the vault opened under the master that it was to."""
    begun = open_rotation(reader)
    return MasterRotationEnded(master=begun.becomes) if begun and begun.becomes == master_id(master) else None
