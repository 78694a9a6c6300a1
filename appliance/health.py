"""Health: the machine's state in one value, for the system page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from actors.directory import Directory
from actors.enforcement_desk import EnforcementDesk
from actors.engine import Engine
from actors.live import BridgeHealth, Health
from actors.meter import Meter
from actors.names import RISK, enforcement_desk
from actors.risk_desk import RiskDesk
from bridges.sessions import SessionHealth

REVOKED = "revoked"  # in the place of a mode, for what it observed or enforced is over


@dataclass(frozen=True)
class HealthBook:
    """Where the figures come from. `queue_depth` counts inputs waiting for the engine; `sessions` are those of bridges."""

    engine: Engine
    meter: Meter
    sessions: Callable[[], Sequence[SessionHealth]]
    directory: Directory
    counters: Mapping[str, int]
    queue_depth: Callable[[], int]
    now_us: Callable[[], int]
    started_us: int

    def now(self) -> Health:
        """Everything as of now."""
        engine, meter = self.engine, self.meter
        risk = engine.desk(RISK)
        assert isinstance(risk, RiskDesk)
        markets = [engine.market(bridge) for bridge in engine.own.state.bridges]
        return Health(
            firm_time_us=self.now_us(),
            started_us=self.started_us,
            ledger_size=engine.size,
            epoch_engine=engine.own.state.engine,
            queue_depth=self.queue_depth(),
            batches=meter.batches,
            inputs=meter.inputs,
            facts=meter.facts,
            ticks=sum(market.tick_count for market in markets),
            wakes=sum(market.wake_count for market in markets),
            last_batch_inputs=meter.last_batch_inputs,
            commit_us_p50=meter.commit_quantile_us(50),
            commit_us_p99=meter.commit_quantile_us(99),
            commit_histogram=meter.histogram(),
            stopped_desks=engine.own.state.stopped,
            open_commands=sum(self._open_commands(bridge) for bridge in engine.own.state.bridges),
            kill_switches=tuple(sorted(risk.state.engaged)),
            breaker_tripped=risk.state.tripped,
            last_checkpoint_size=engine.checkpoint_size,
            last_checkpoint_us=engine.checkpoint_us,
            refusals=tuple(sorted(self.counters.items())),
            bridges=tuple(self._bridge(bridge) for bridge in engine.own.state.bridges),
        )

    def _open_commands(self, bridge: str) -> int:
        desk = self.engine.desk(enforcement_desk(bridge))
        assert isinstance(desk, EnforcementDesk)
        return len(desk.state.commands)

    def _bridge(self, bridge: str) -> BridgeHealth:
        state, market = self.directory.bridge(bridge), self.engine.market(bridge)
        session = self._session(bridge)
        now_us = self.now_us()
        last_tick_us = max((quote.t_us for quote in market.board.quotes.values()), default=0)
        return BridgeHealth(
            bridge=bridge,
            mode=REVOKED if state.revoked else state.mode.value,
            connected=session is not None and session.connected,
            platform_up=session is not None and session.platform_connected,
            prices_ended_us=session.prices_ended_us if session is not None else 0,
            session_since_us=session.session_since_us if session is not None else 0,
            journal_seq=state.journal_seq,
            quote_seq=state.quote_seq,
            watermark_us=market.watermark_us,
            last_tick_us=last_tick_us,
            lag_ms=max(0, now_us - market.watermark_us) // 1_000 if market.watermark_us else 0,
            stale_symbols=() if state.revoked else market.stale_symbols(now_us, self.engine.policy.stale_after_us),
            outbox_depth=session.outbox_depth if session is not None else 0,
        )

    def _session(self, bridge: str) -> SessionHealth | None:
        return next((session for session in self.sessions() if session.bridge == bridge), None)
