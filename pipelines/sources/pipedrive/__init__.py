"""Pipedrive, pulled through its API: deals are the prospects."""
