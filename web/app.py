"""The application: every route with its policy, the guard before them all, and what every response carries."""

from collections.abc import Iterator

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.static_files import create_static_files_router
from litestar.types import LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send

from web import problems
from web.acts import ActsNoted, recorded
from web.allowance import Allowance
from web.api import openapi as described
from web.api import routes as api
from web.api.admission import KeyRecognition, admit_key
from web.auth import Recognition
from web.bounds import FORM_BYTES_MAX
from web.csp import harden
from web.document_turns import DocumentTurns
from web.downloads import Downloads
from web.firm import Firm
from web.key_holder import ByKey
from web.looking import look, settle_view
from web.pages import (
    account,
    accounts,
    appeal,
    brand,
    checker,
    checkpoint,
    confirm_address,
    decision,
    documents,
    forgotten_password,
    join,
    legal,
    metrics,
    notices,
    personal,
    rules,
    security,
    security_address,
    security_factors,
    security_passkeys,
    security_password,
    shell,
    sign_in,
    staff_account,
    staff_accounts,
    staff_advance,
    staff_api_keys,
    staff_audit,
    staff_builder,
    staff_calendars,
    staff_commands,
    staff_controls,
    staff_decision,
    staff_documents,
    staff_drafts,
    staff_drift,
    staff_exposure,
    staff_feed,
    staff_health,
    staff_home,
    staff_incidents,
    staff_kept,
    staff_lab,
    staff_overrides,
    staff_owed,
    staff_programs,
    staff_region,
    staff_roles,
    staff_scores,
    staff_security,
    staff_team,
    staff_trace,
    staff_traders,
    staff_view,
    status,
    trades,
)
from web.password_desk import PasswordDesk
from web.render import STATIC, Pages
from web.sieve import Sieve
from web.sse import Streams
from web.status_told import StatusTold
from web.step_up import secure
from web.visitor import May, Policy, admit

PAGES = (
    shell,
    sign_in,
    join,
    confirm_address,
    forgotten_password,
    security,
    security_address,
    security_factors,
    security_passkeys,
    security_password,
    staff_security,
    accounts,
    account,
    notices,
    personal,
    documents,
    rules,
    trades,
    checker,
    checkpoint,
    decision,
    appeal,
    staff_home,
    staff_accounts,
    staff_region,
    staff_traders,
    staff_account,
    staff_decision,
    staff_controls,
    staff_lab,
    staff_health,
    staff_commands,
    staff_owed,
    staff_advance,
    staff_audit,
    staff_overrides,
    staff_scores,
    staff_exposure,
    staff_drift,
    staff_feed,
    staff_programs,
    staff_drafts,
    staff_builder,
    staff_kept,
    staff_calendars,
    staff_trace,
    staff_incidents,
    staff_team,
    staff_roles,
    staff_api_keys,
    staff_view,
    staff_documents,
    status,
    metrics,
    brand,
    legal,
)

# In this order: each may rely on those before it.
GUARDS = (settle_view, admit, look, secure, recorded)


class Portal(Litestar):
    """The application behind its sieve."""

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
            return
        sieve: Sieve = self.state.sieve
        await sieve(super().__call__, self, scope, receive, send)  # type: ignore[arg-type]


def create_app(firm: Firm) -> Litestar:
    """The web room for one firm. Serve it with uvicorn; call `end_streams` before the server is told to stop."""
    routes = [route for module in PAGES for route in module.ROUTES]
    allowance, passwords = Allowance(firm.limits), PasswordDesk()
    app = Portal(
        [
            Router("/", route_handlers=routes, guards=GUARDS, middleware=[Recognition]),
            _api(),
            _static(),
        ],
        before_send=[harden],
        exception_handlers=problems.HANDLERS,
        request_max_body_size=FORM_BYTES_MAX,
        state=State(
            {
                "firm": firm,
                "pages": Pages(firm.name, firm.brand),
                "passwords": passwords,
                "streams": Streams(firm),
                "document_turns": DocumentTurns(),
                "downloads": Downloads(),
                "acts": ActsNoted(),
                "status": StatusTold(firm),
                "api": described.Description(api.ROUTES),
                "allowance": allowance,
                "sieve": Sieve(allowance, passwords),
            }
        ),
        openapi_config=None,
        logging_config=None,
    )
    for path, method, policy in policies(app):
        assert policy is not None, f"{method} {path} declares no policy: say who may call it"
    return app


def end_streams(app: Litestar) -> None:
    """End every live page, so that a graceful stop does not wait for browsers."""
    app.state.streams.end()


def policies(app: Litestar) -> Iterator[tuple[str, str, Policy | May | ByKey | None]]:
    """Every route: its path, its method, and who may call it."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler):
                for method in sorted(handler.http_methods):
                    if method != "OPTIONS":
                        yield route.path, method, handler.opt.get("policy")


def _api() -> Router:
    handlers = [*api.ROUTES, described.openapi]
    return Router(described.PATH, route_handlers=handlers, guards=[admit_key], middleware=[KeyRecognition])


def _static() -> Router:
    return create_static_files_router("/static", [STATIC], opt={"policy": Policy.PUBLIC})
