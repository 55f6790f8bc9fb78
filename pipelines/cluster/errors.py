"""What can go wrong between machines."""

from features.errors import TaktError


class ClusterError(TaktError):
    """Work on a cluster did not come to an end; the text says which part, why, and what to do."""
