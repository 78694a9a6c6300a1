"""Dead-man policies: what each enrolled bridge is told to do, signed by the ledger key, for when this appliance falls silent.

Every bridge gets one when the appliance starts, when it is enrolled, and when enforcement at it begins or ends; the newest counts,
and the bridge keeps it over restarts. Where the firm only observes, the policy is to do nothing.
"""

from nacl.signing import SigningKey

from actors.batch import Batch
from actors.enforcement_desk import EnforcementDesk
from actors.engine import Engine
from actors.names import enforcement_desk
from appliance.clock import wall_us
from appliance.settings import MS_US, GatewaySettings
from bridges.deadman import sign_deadman
from bridges.gateway import Gateway
from bridges.wire import DeadmanPolicy
from firm.commands import BridgeMode, KillSwitch
from firm.facts import BridgeEnrolled, BridgeModeChanged, KillSwitchEngaged, KillSwitchReleased
from firm.instant import SECOND_US

CLOSE_ONLY = "close_only"
FLOORS = "floors"  # with no floors in it: nothing is done


class DeadmanPolicies:
    """Signs and hands out. `signing_seed` is the ledger key's, whose public half is in each bridge's key file."""

    def __init__(self, engine: Engine, gateway: Gateway, settings: GatewaySettings, signing_seed: bytes) -> None:
        self._engine = engine
        self._gateway = gateway
        self._after_ms = settings.deadman_after_s * SECOND_US // MS_US
        self._key = SigningKey(signing_seed)
        self._issue_to_all()

    def learn(self, batch: Batch) -> None:
        """Issue anew where a durable batch began or ended enforcement."""
        for _, body in batch.rows:
            match body:
                case BridgeEnrolled() | BridgeModeChanged():
                    self._issue(body.bridge)
                case KillSwitchEngaged() | KillSwitchReleased() if body.switch is KillSwitch.ENFORCEMENT:
                    self._issue_to_all()
                case _:
                    continue

    def _issue_to_all(self) -> None:
        for bridge in self._engine.own.state.bridges:
            self._issue(bridge)

    def _issue(self, bridge: str) -> None:
        """It goes out now, or with the bridge's next session."""
        # Wall time as the serial: greater at each start, also after a restore from a backup, where firm time may stand still.
        now_us = wall_us()
        action = CLOSE_ONLY if self._is_enforced(bridge) else FLOORS
        policy = DeadmanPolicy(bridge=bridge, serial=now_us, issued_us=now_us, action=action, after_ms=self._after_ms)
        self._gateway.set_deadman(bridge, sign_deadman(policy, self._key))

    def _is_enforced(self, bridge: str) -> bool:
        desk = self._engine.desk(enforcement_desk(bridge))
        assert isinstance(desk, EnforcementDesk)
        return desk.state.mode is BridgeMode.ENFORCE and not desk.state.halted
