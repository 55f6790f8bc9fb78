"""Who may come in, as whom, and what they may do there."""

from serving.access.coming_in import SignInNeeded, admit, allowed, who
from serving.access.sessions import COOKIE, SESSION_HOURS, end_session
from serving.access.viewer import MAY, OPEN, SCOPES, Role, Viewer

__all__ = [
    "COOKIE",
    "MAY",
    "OPEN",
    "SCOPES",
    "SESSION_HOURS",
    "Role",
    "SignInNeeded",
    "Viewer",
    "admit",
    "allowed",
    "end_session",
    "who",
]
