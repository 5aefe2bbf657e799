"""Objections to uses that rest on the company's interest: one waits for its weighing, one goes on, one has stopped."""

from typing import Final

from portal import clock
from portal.demo.cases import customer_of, days_ago, member_of, request_of
from portal.infrastructure.database import transaction
from portal.rights.channels import Channel
from portal.rights.chosen import Use
from portal.rights.deciding.decisions import Draft, decide, second
from portal.rights.filing.other_ways import take_in
from portal.rights.items.deciding import Way
from portal.rights.items.making import items_of
from portal.rights.lifecycle import Right, SecondOpinion
from portal.rights.weighing.weighing import Balance, Result, weigh

WAITING: Final = "C-1004"
"""Whose objection nobody has weighed yet."""

_STOPS = Balance(
    Result.STOPPED,
    interest="Savoir quelles pages servent, pour les améliorer.",
    necessity="Les chiffres d’ensemble suffisent : une personne de moins n’y change rien.",
    grounds="Rien d’impérieux : le client cherche un logement après une séparation, et ses visites le montrent.",
    safeguards="Les visites sont comptées sans nom au bout de treize mois.",
    summary="Vos visites ne comptent plus dans nos statistiques. Nous n’avons trouvé aucune raison de continuer qui"
    " l’emporte sur votre situation.",
)  # fmt: skip
_GOES_ON = Balance(
    Result.OVERRIDDEN,
    interest="Prevent payments with stolen cards.",
    necessity="The score needs the amount, the card’s country and the address; nothing milder found the last two frauds.",
    grounds="Two card payments of this account were contested by their banks this year.",
    safeguards="A person reads every low score before a payment is refused, and the score is erased after thirteen months.",
    summary="We keep checking your payments against fraud: two of them were contested by banks this year. A person"
    " looks before any payment is refused, and you can ask for that look at any time.",
)  # fmt: skip


def make_objections() -> None:
    """Take the objections in, and weigh two of them, in the last day."""
    with days_ago(0.9):
        _object(WAITING, Channel.PHONE, "customer_knowledge", "Je ne veux pas être rangé dans un profil.")
        stopping = _object("C-1002", Channel.EMAIL, "statistics", "Mes visites ne regardent que moi.")
        going_on = _object("C-1005", Channel.EMAIL, "fraud_prevention", "Your score is about my moving house twice.")
    with days_ago(0.5):
        _answer(stopping, _STOPS, "Nous arrêtons d’utiliser vos visites pour nos statistiques.")
        _answer(going_on, _GOES_ON, "We have looked at your objection and explain why we go on.")
        with transaction():
            request = request_of(going_on)
            second(request, member_of("officer@example.org"), SecondOpinion.AGREES, "", request.version)


def _object(number: str, channel: Channel, purpose: str, words: str) -> int:
    with transaction():
        return take_in(
            customer_of(number), Right.OBJECTION, channel, clock.now(), words, member_of("support@example.org"),
            use=Use.OTHER, purposes=(purpose,),
        ).id  # fmt: skip


def _answer(request_id: int, balance: Balance, message: str) -> None:
    """Weigh the one use of a request, and decide by that."""
    reviewer = member_of("reviewer@example.org")
    with transaction():
        request = request_of(request_id)
        weigh(request, reviewer, items_of(request_id)[0].id, balance, request.version)
    with transaction():
        request = request_of(request_id)
        decide(request, reviewer, Draft(Way.PROPOSED, message), request.version)
