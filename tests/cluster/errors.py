"""The one error of this package: a plain sentence for the person who typed the command."""


class ClusterError(Exception):
    """Something the person at the keyboard has to know; the message says what and what to do."""
