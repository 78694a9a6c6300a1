"""Silence: what the platform does by itself when the appliance is silent longer than its signed dead-man policy allows.

All accounts that may trade become close-only. When the appliance is back, those that nobody else has touched may trade again:
what the firm had decided by then, or decides now, comes as its own commands after that.
"""

from bridges.simulator.platform import Platform
from bridges.simulator.state import TradeMode
from bridges.simulator.tellings import Tellings
from bridges.wire import DeadmanPolicy


def hold(platform: Platform, tell: Tellings, policy: DeadmanPolicy) -> None:
    """Set every account that may trade close-only. So the simulator answers floors too, which is stricter; no floors ask for nothing."""
    if policy.action == "floors" and not policy.floors:
        return
    state = platform.state
    if state.is_down:
        return  # nobody trades there, and nobody reaches it
    t_us = state.clocks.now_us
    free = [account for account in state.accounts.values() if account.mode is TradeMode.FULL]
    why = f"dead-man policy {policy.serial}: the appliance was silent for {policy.after_ms} ms, {len(free)} accounts close-only"
    tell.platform_up(t_us, why)
    for account in free:
        platform.books.change_mode(account, TradeMode.CLOSE_ONLY, t_us)
        account.held_in_silence = True
        platform.changed(account)


def release(platform: Platform, tell: Tellings) -> None:
    """Undo what `hold` did, and nothing else."""
    state = platform.state
    t_us = state.clocks.now_us
    held = [account for account in state.accounts.values() if account.held_in_silence]
    if not held or state.is_down:
        return
    tell.platform_up(t_us, f"the appliance is back: {len(held)} accounts may trade again")
    for account in held:
        platform.books.change_mode(account, TradeMode.FULL, t_us)
        platform.changed(account)
