"""Which contacts are one person: two CRMs, or one that nobody tidies, know somebody under two ids.

Contacts are one person who have the same e-mail address, and whose names do not speak against it: equal, or one
of them unknown. A mailbox that several named people share (`office@`) makes nobody one person. What a person refused,
and when we were last in touch, then holds for all ids of theirs.

>>> import pandas as pd
>>> known = pd.DataFrame({"contact_id": ["h1", "s9", "x", "y"],
...     "email": ["Dana@Optics.example", "dana@optics.example ", "office@optics.example", "office@optics.example"],
...     "name": ["Dana Ito", "dana ito", "Lea", "Tom"]})
>>> persons(known).to_dict()
{'h1': 'h1', 's9': 'h1', 'x': 'x', 'y': 'y'}
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from features.facts.contract import TABLES
from features.facts.ledger import Facts, current


def persons(contacts: pd.DataFrame) -> pd.Series[Any]:
    """Answer which contacts are one person.

    Parameters
    ----------
    contacts : DataFrame, one row per contact
        `contact_id`, `email`, `name`.

    Returns
    -------
    Series of str, index contact_id
        The first id (as text) of the person.
    """
    ids = pd.Series(contacts["contact_id"].to_numpy(), index=pd.Index(contacts["contact_id"]), dtype="str")
    mail = contacts["email"].str.strip().str.casefold()
    twice = contacts[mail.notna() & mail.duplicated(keep=False)]
    if twice.empty:
        return ids
    name = twice["name"].str.split().str.join(" ").str.casefold()
    groups = pd.DataFrame({"contact_id": twice["contact_id"], "mail": mail[twice.index], "name": name})
    names = groups.groupby("mail")["name"].transform("nunique")
    # where several names share a mailbox, only equal names are one person
    groups["who"] = groups["name"].where(names > 1, "")
    groups = groups[groups["who"].notna()]
    first = groups.groupby(["mail", "who"])["contact_id"].transform("min")
    ids.loc[groups["contact_id"]] = first.to_numpy()
    return ids


def known_persons(facts: Facts) -> pd.Series[Any]:
    """Answer which contacts are one person, those among them that were deleted or merged since."""
    ever = facts.ever("contacts")
    return persons(current(ever, TABLES["contacts"].key))


def spread(when: pd.Series[Any], person: pd.Series[Any], *, last: bool) -> pd.Series[Any]:
    """Give to every contact of a person what is known of any.

    Parameters
    ----------
    when : Series of Timestamp, index contact_id
    person : Series of str, index contact_id
        As `persons` returns it.
    last : bool
        Whether of several moments the last one counts, or the first.

    Returns
    -------
    Series of Timestamp, index contact_id; contacts of whom nothing is known of anybody are not in it
    """
    if (person == person.index).all():
        return when
    whose = person.reindex(when.index).fillna(pd.Series(when.index, index=when.index))
    by = when.groupby(whose.to_numpy())
    of = by.max() if last else by.min()
    everybody = person[person.isin(of.index)]
    found = pd.Series(of.reindex(everybody).array, index=everybody.index)
    return pd.concat([found, when[~when.index.isin(found.index)]])
