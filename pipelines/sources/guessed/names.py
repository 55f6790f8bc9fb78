"""The words of CRM exports, English and German: which column or table a name speaks of.

A name is compared in plain lower-case words: `LeadID`, `lead_id` and `Lead-ID` are all `lead id`, `Änderungsdatum`
is `aenderungsdatum`. The patterns of a role stand in the order of preference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_ID: Final = r" ?(id|nr|no|number|nummer|key|kennung|code)"
_PROSPECT: Final = r"(deal|opportunity|opp|lead|prospect|mql|case|verkaufschance|chance|vorgang|interessent|antrag)"
_ACCOUNT: Final = r"(account|company|customer|client|organi[sz]ation|firma|firmen|kunde|unternehmen)"
_CONTACT: Final = r"(contact|person|ansprechpartner|kontakt|kontaktperson)"

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "prospect_id": (
        rf"\b{_PROSPECT}(s|n|en)?{_ID}\b",
        r"^case concept name$",  # the event log standard XES
        rf"^{_PROSPECT}$",
        r"^((record|datensatz|object) )?(id|nr|nummer|number|key)$",
    ),
    "account_id": (rf"\b{_ACCOUNT}(s|n|en)?{_ID}\b", rf"^{_ACCOUNT}( name)?$", r"^associated (account|company)"),
    "contact_id": (rf"\b{_CONTACT}(s|n|en)?{_ID}\b", rf"^{_CONTACT}( name)?$"),
    "own_id": (r"^((record|datensatz|activity|event|aktivitaets?|task|log) ?)?(id|nr|nummer|number|key)$",),
    "created_at": (
        r"\b(created?|createdate|creation|erstellt|erstell\w*|angelegt|anlage\w*|erfasst|erfassung\w*)\b",
        r"\b(reg|registered|registration|submitted|first contact|erstkontakt|eingang\w*|eingegangen|opened)\b",
        r"\b(start|started|begin|beginn|engage|engaged)\b",
    ),
    "closed_at": (
        r"\b(closed?|closedate|closing|abgeschlossen|abschluss\w*|entschieden|decided|entscheidung\w*)\b",
        r"\b(won|gewonnen|signed|unterschrieben)\b",
        r"\b(lost|verloren)\b",
        r"\b(end|ended|ende)\b",
    ),
    "modified_at": (
        r"\b(modified|lastmodified|systemmodstamp|updated?|changed|geaendert|aenderung\w*|aktualisier\w*)\b",
    ),
    "occurred_at": (
        r"\b(occurred|happened|timestamp|zeitpunkt|activity ?date|aktivitaetsdatum|durchgefuehrt)\b",
        r"\b(date|time|datum|zeit|uhrzeit|wann|when|start|am)\b",
        r"\b(created?|erstellt|angelegt|erstell\w*)\b",
    ),
    "owner_id": (
        r"\b(owner|besitzer|inhaber|verantwortlich\w*|zustaendig\w*|bearbeiter\w*|betreuer\w*)\b",
        r"\b(agent|salesperson|seller|rep|verkaeufer\w*|vertriebler\w*|assigned|assignee)\b",
    ),
    "territory": (r"\b(territory|region|gebiet|vertriebsgebiet|regional office)\b",),
    "segment": (r"\b(segment|tier|kundengruppe|kundensegment)\b",),
    "source": (
        r"\b(source|origin|herkunft|quelle|leadquelle|leadsource)\b",
        r"\b(channel|kanal)\b",
    ),
    "amount": (
        r"\b(amount|betrag|auftragswert|auftragssumme|auftragsvolumen|dealwert)\b",
        r"\b(value|wert|volumen|summe|umsatz|revenue)\b",
    ),
    "status": (r"\b(status|state|result|outcome|ergebnis|resultat)\b", r"\b(stage|dealstage|phase|stufe)\b"),
    "stage": (r"\b(stage|dealstage|phase|stufe|verkaufsphase)\b",),
    "reason": (r"\b(lost|closed|loss|won|verlust\w*|absage\w*|ablehnung\w*) ?(reason|grund)?\b", r"\b(reason|grund)\b"),
    "kind": (
        r"\b(type|typ|art|kind|aktivitaetstyp|aktivitaetsart)\b",
        r"\b(activity|aktivitaet|action|aktion|event|ereignis)\b",
        r"^concept name$",
    ),
    "channel": (r"\b(channel|kanal|medium)\b",),
    "direction": (r"\b(direction|richtung)\b",),
    "result": (r"\b(result|outcome|disposition|ergebnis|resultat)\b",),
    "duration_s": (r"\b(duration|dauer|seconds|sekunden)\b",),
    "name": (r"^(full |voller )?name$", rf"^({_ACCOUNT}|{_CONTACT})(n|s)?( ?name)?$", r"\bname\b"),
    "email": (r"\b(e ?mail|mail|e mail adresse)\b",),
    "phone": (r"\b(phone|telephone|mobile|telefon|telefonnummer|tel|handy|mobil)\b",),
    "role": (r"\b(role|position|title|job title|funktion|rolle)\b",),
}

TABLES: Final[Mapping[str, str]] = {
    "prospects": rf"\b{_PROSPECT}(s|n|en|e)?\b"
    r"|\b(opportunities|pipeline|verkauf\w*|interessenten|vorgaenge|antraege)\b",
    "accounts": rf"\b{_ACCOUNT}(s|n|en)?\b|\b(companies)\b",
    "contacts": rf"\b{_CONTACT}(s|e|en|n)?\b|\b(people|persons)\b",
    "touches": (
        r"\b(activit\w*|aktivitaet\w*|touch\w*|events?|log|calls?|anrufe?|termine?|meetings?|engagements?|tasks?)\b"
    ),
    "outcomes": r"\b(closed|won|lost|outcomes?|abschluesse|gewonnen\w*|verloren\w*|wins)\b",
}

EXPECTED: Final = r"\b(expected|forecast|planned|erwartet\w*|geplant\w*|voraussichtlich\w*|due|faellig\w*)\b"
LATE: Final = (
    r"\b(last|letzte\w*|score|rating|probability|wahrscheinlichkeit|quality|tags?|notable|forecast|expected|next|"
    r"profile|index|activity|sent|gesendet|versendet|answered|replied|beantwortet|contacted|kontaktiert|"
    r"naechste\w*|erwartet\w*|n events|num|anzahl)\b"
)
"""A field that changes while a prospect is worked: its value in an export may tell the outcome."""

TURNOVER: Final = r"\b(annual|yearly|monthly|declared|jahresumsatz|monatsumsatz|company|firmen\w*)\b"
"""Money that speaks of the customer and not of the deal."""

WON: Final = r"\b(won|gewonnen|converted|signed|erfolgreich|unterschrieben|auftrag)\b"
LOST: Final = (
    r"\b(lost|verloren|declined|cancell?ed|rejected|disqualified|unqualified|dead|abgelehnt|abgesagt|storniert|"
    r"verlust)\b"
)
YES: Final = ("1", "yes", "y", "true", "ja", "j", "wahr", "x")
NO: Final = ("0", "no", "n", "false", "nein", "falsch")

KINDS: Final[Mapping[str, str]] = {
    "email": r"\b(e ?mails?|mails?|newsletter)\b",
    "call": r"\b(calls?|phone|anrufe?|telefonat\w*|telefon\w*|gespraech\w*)\b",
    "demo": r"\b(demos?|vorfuehrung\w*|praesentation\w*)\b",
    "meeting": r"\b(meetings?|termine?|besprechung\w*|appointment|besuch\w*)\b",
    "download": r"\b(downloads?|heruntergeladen)\b",
    "form": r"\b(forms?|formular\w*|anfrage\w*|inquiry)\b",
    "visit": r"\b(page|visits?|visited|website|webseite\w*|seitenaufruf\w*)\b",
    "message": r"\b(message|chat|sms|whatsapp|nachricht\w*|linkedin)\b",
    "proposal": r"\b(proposals?|quotes?|offers?|angebot\w*|offerte\w*)\b",
    "task": r"\b(tasks?|todo|aufgaben?|notes?|notiz\w*)\b",
    "event": r"\b(events?|webinar\w*|messe\w*|veranstaltung\w*|konferenz)\b",
    "stage": r"\b(stage|phase|status)\b",
}
CHANNELS: Final[Mapping[str, str]] = {
    "phone": r"\b(phone|call|telefon\w*|anruf)\b",
    "email": r"\b(e ?mail|mail)\b",
    "web": r"\b(web|website|online|form|internet|webseite)\b",
    "in_person": r"\b(person|personal|visit|meeting|vor ort|persoenlich|besuch)\b",
    "chat": r"\b(chat|sms|whatsapp)\b",
    "social": r"\b(social|linkedin|facebook|xing)\b",
    "post": r"\b(post|letter|brief)\b",
    "partner": r"\b(partner)\b",
}
INBOUND: Final = r"\b(in|inbound|incoming|eingehend\w*|ein|eingang)\b"
OUTBOUND: Final = r"\b(out|outbound|outgoing|ausgehend\w*|aus|ausgang)\b"
GERMAN: Final = (
    r"\b(firma|kunde|ansprechpartner|besitzer|erstellt\w*|erstellungsdatum|betrag|phase|geaendert|abschluss\w*|herkunft|"
    r"verkaufschance\w*|datum|quelle|gewonnen|verloren|typ|anruf|zustaendig)\b"
)


def words(name: str) -> str:
    """Return a name as plain lower-case words with single spaces: `closeDate` is `close date`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.translate(_UMLAUTS))
    return " ".join(re.findall(r"[a-z0-9]+", parted.lower()))


def speaks_of(pattern: str, name: str) -> bool:
    """Say whether a name, as plain words, has what the pattern looks for."""
    return re.search(pattern, words(name)) is not None


def sorted_into(text: str, choice: Mapping[str, str]) -> str | None:
    """Return the first word of the contract whose pattern the text has; None where none fits."""
    return next((word for word, pattern in choice.items() if speaks_of(pattern, text)), None)
