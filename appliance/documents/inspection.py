"""Inspection: few documents are looked at at once, and few wait; all of it in threads, as the loop decides on prices meanwhile."""

import logging
from collections import Counter

import anyio
from anyio import to_thread

from appliance.documents.looking import look_at
from appliance.documents.scanner import DocumentSettings, is_infected
from firm.bounds import DOCUMENT_BYTES_MAX
from firm.documents import DocumentFault
from web.inspecting import InspectionFull, ScannerSilent, Unconfined, Verdict

AT_ONCE = 2  # a child takes a core for as long as it looks
WAITING_MAX = 6
TOO_MANY_AT_ONCE, SCANNER_SILENT, UNCONFINED = (
    "too_many_at_once",
    "scanner_silent",
    "unconfined",
)  # why one is not looked at at all
MIB = 2**20

_LOG = logging.getLogger("evenhand.appliance")


class Inspection:
    """As the pages' Inspector. `refused`: how many documents were, since the start, by why."""

    def __init__(self, settings: DocumentSettings) -> None:
        self._settings = settings
        self.refused = Counter(dict.fromkeys((*DocumentFault, TOO_MANY_AT_ONCE, SCANNER_SILENT, UNCONFINED), 0))
        self._turn = anyio.CapacityLimiter(AT_ONCE)
        self._inside = 0
        self._told_open = False

    @property
    def bytes_max(self) -> int:
        return self._settings.kept_max_mb * MIB

    async def inspect(self, content: bytes) -> Verdict:
        if self._inside >= AT_ONCE + WAITING_MAX:
            self.refused[TOO_MANY_AT_ONCE] += 1
            raise InspectionFull
        self._inside += 1
        try:
            verdict = await to_thread.run_sync(self._looked_at, content, limiter=self._turn)
        except ScannerSilent:
            self.refused[SCANNER_SILENT] += 1
            raise
        except Unconfined as unsafe:
            self.refused[UNCONFINED] += 1
            _LOG.error("a document was not looked at: %s", unsafe)
            raise
        finally:
            self._inside -= 1
        if isinstance(verdict, DocumentFault):
            self.refused[verdict] += 1
        return verdict

    def _looked_at(self, content: bytes) -> Verdict:
        if not content:
            return DocumentFault.EMPTY
        if len(content) > DOCUMENT_BYTES_MAX:
            return DocumentFault.TOO_LARGE
        settings = self._settings
        if settings.scanner and is_infected(settings.scanner, content, settings.scanner_deadline_s):
            return DocumentFault.INFECTED
        looked = look_at([content])
        if looked.is_cut is False and not self._told_open:
            self._told_open = True
            _LOG.info(
                "documents are looked at in processes that are kept from the network by their filter of system calls alone"
            )
        [verdict] = looked.verdicts
        return verdict
