"""When erasures that are over, and what they leave against a return, end, and why."""

from sqlalchemy import delete, update

from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.personal_data.erasure.models import CancelLink, Erasure, Tombstone
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Declared, OwnEnd


def _remove_erasures(ids: list[int]) -> None:
    db.session.execute(delete(CancelLink).where(CancelLink.erasure_id.in_(ids)))
    db.session.execute(delete(Erasure).where(Erasure.id.in_(ids)))


def _forget_words(ids: list[int]) -> None:
    forgotten = update(Erasure).where(Erasure.id.in_(ids))
    db.session.execute(forgotten.values(sealed_contact=None, sealed_words=None, words_until=None))


FINISHED = Ending(
    code="finished_erasures",
    label=Label(fr="Effacements terminés ou annulés", en="Erasures that are done or cancelled"),
    source=Rows(Erasure, age=Erasure.finished_at, remove_rows=_remove_erasures),
    term=Declared("request_files"),
    starts=Label(fr="la fin de l'effacement", en="the end of the erasure"),
    ground=Label(fr="prouver un effacement (article 5, paragraphe 2)", en="proof of an erasure (art. 5(2))"),
)
WORDS = Ending(
    code="sealed_words",
    label=Label(fr="Mots et contact scellés après un effacement", en="Words and contact sealed after an erasure"),
    source=Rows(Erasure, age=Erasure.words_until, remove_rows=_forget_words),
    term=OwnEnd(Label(fr="deux mois", en="two months")),
    starts=Label(
        fr="l'envoi de la réponse, si quelque chose a été gardé ou refusé",
        en="when the answer was sent, where something was kept or refused",
    ),
    ground=Label(fr="revoir la décision (article 12, paragraphe 4)", en="to look at the decision again (art. 12(4))"),
    goes_freely=True,
)
TOMBSTONES = Ending(
    code="tombstones",
    label=Label(fr="Empreintes de personnes effacées", en="Keyed hashes of erased people"),
    source=Rows(Tombstone, age=Tombstone.ends_on),
    term=OwnEnd(
        Label(
            fr="le dernier jour de chacune : trois ans au moins, et tant qu'une archive ou une sauvegarde existe",
            en="the last day of each: three years at least, and while an archive or a backup exists",
        )
    ),
    starts=Label(fr="l'effacement", en="the erasure"),
    ground=Label(
        fr="que personne ne revienne par un fichier (article 17, paragraphe 1 ; article 21, paragraphe 3)",
        en="that nobody comes back by a file (art. 17(1), 21(3))",
    ),
)

PARTS = declare(
    Part("erasures", frozenset({"erasures", "erasure_cancel_links"}), Reach.CUSTOMER, (FINISHED, WORDS)),
    Part("tombstones", frozenset({"tombstones"}), Reach.NOBODY, (TOMBSTONES,)),
    Part("erased_spans", frozenset({"erased_spans", "erased_records"}), Reach.CUSTOMER, ends_with="customers"),
)
