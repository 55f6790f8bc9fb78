"""HubSpot: deals, companies, contacts and engagements, with their property history."""
