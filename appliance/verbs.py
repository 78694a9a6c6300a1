"""Verbs: what `evenhand` can be asked to do, in the order in which its help tells them."""

from appliance.commands import (
    backup,
    bridge,
    demo,
    doctor,
    evidence,
    explain,
    init,
    install,
    rebuild,
    rehearse,
    replay,
    restore,
    rules,
    serve,
    staff,
    verify,
)

VERBS = (
    init,
    serve,
    demo,
    verify,
    replay,
    explain,
    evidence,
    rules,
    bridge,
    staff,
    rebuild,
    doctor,
    install,
    backup,
    restore,
    rehearse,
)
