"""The page of the team: how even the lists are and what came of them; people are not watched here."""

from __future__ import annotations

from typing import Final

from babel.numbers import format_percent
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.boards.team import RULE, TeamBoard
from serving.deps import RunDep, StoreDep
from serving.pages.boards import read, render
from serving.pages.words import Words, preferred_locale
from serving.routes.conditional import Conditional
from serving.store.tables import Run

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
NAME: Final = "team"
"""Of the board in the store."""
JUDGED: Final = {
    "override_call": "called although the list did not",
    "override_leave": "left although the list called",
    "list": "the list of the same weeks",
}


@router.get("/team")
def team_page(request: Request, store: StoreDep, run: RunDep) -> HTMLResponse:
    """Show the lists side by side and what came of the earlier ones, by the rule that the page states."""
    board = read(store, run, NAME, TeamBoard)
    words = TeamWords(Words(preferred_locale(request.headers.get("accept-language", ""))), board, run)
    context = {"heading": "Team", "words": words, "rule": RULE, "judged": JUDGED}
    return render(request, run, "team.html", board, context)


class TeamWords:
    """Writes the figures of one board for one reader."""

    def __init__(self, say: Words, board: TeamBoard | None, run: Run) -> None:
        self._say, self._board, self._run = say, board, run

    def worth(self, value: float | None) -> str:
        """Write an expected value: money, or where no amount is known wins."""
        if value is None or self._board is None:
            return "not known"
        if self._board.in_money:
            return self._say.money(value, self._run)
        return f"{self._say.number(round(value, 2))} of a win"

    def signed(self, share: float | None) -> str:
        """Write how far a list lies from the team's, such as "+4%"."""
        if share is None:
            return "not known"
        written = format_percent(abs(round(share, 2)), locale=self._say.locale)
        return written if round(share, 2) == 0 else f"{'+' if share > 0 else '−'}{written}"

    def part(self, share: float | None) -> str:
        """Write a part of a whole, which may be all of it."""
        return "not known" if share is None else format_percent(share, locale=self._say.locale)

    def used(self) -> str:
        """Say how much of the day's capacity the lists use."""
        board = self._board
        if board is None or not board.places:
            return "nobody makes calls today"
        places = self._say.number(board.places)
        if board.calls == board.places:
            return f"all {places} that can be made"
        return f"of {places} that can be made: {self.part(round(board.calls / board.places, 2))} of capacity"

    def points(self, share: float) -> str:
        """Write a difference of shares in points, with its sign."""
        size = round(100 * share, 1)
        return f"{'+' if size > 0 else '−' if size < 0 else ''}{self._say.number(abs(size))}"

    def even(self) -> str:
        """Say whether the lists are even."""
        board = self._board
        if board is None or board.spread is None:
            return "What a call is worth is not known, so nothing can be said of how even the lists are."
        if sum(dealt.calls > 0 for dealt in board.lists) < 2:
            return "There is one list, so there is nothing to be even with."
        far = format_percent(round(board.spread, 2), locale=self._say.locale)
        said = f"The list farthest from the team's expected value per call lies {far} away from it"
        if board.band is None:
            return f"{said}; the definitions set no bound (fairness_band)."
        bound = format_percent(board.band, locale=self._say.locale)
        return f"{said}, {'within' if board.spread <= board.band * (1 + 1e-6) else 'beyond'} the bound of {bound}."
