"""Whether a commit expires what a session holds."""

from __future__ import annotations

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.values import ApiObject

#: the session was handed in, and nothing in the project says how it was made: whoever hands it in knows
CALLERS = "callers"


def of(frame: Frame, session: ApiObject) -> bool | str | None:
    """True, False, None where it was made in sight in a way that cannot be read, or CALLERS."""
    told = dict(session.flags).get("expire_on_commit", CALLERS)
    if told is True:
        return None if frame.program.reconfigures() else True
    if told is False or told is None:
        return told
    if session.subclass is not None:
        return None
    # a session that does expire may be handed in all the same
    return True if frame.program.expires_by_default(frame.source.path) else CALLERS
