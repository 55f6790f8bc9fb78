"""Salesforce, pulled through its REST API: opportunities are the prospects."""
