"""When what belongs to no domain above the floor ends: counts of tries, kept forms, and the reports of the runs."""

from datetime import timedelta

from sqlalchemy import func, select

from portal.bilingual import Label
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.models import PurgeRun
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.runs import BEFORE
from portal.personal_data.expiry.terms import Declared, OwnEnd
from portal.web.incoming.kept_counts import RateCount
from portal.web.typed_forms.models import KeptForm

RATE_COUNTS = Ending(
    code="rate_counts",
    label=Label(fr="Comptes d'essais", en="Counts of tries"),
    source=Rows(RateCount, age=RateCount.expires, key=RateCount.key),
    term=OwnEnd(Label(fr="la fin de la fenêtre", en="the end of the window")),
    starts=Label(fr="le premier essai", en="the first try"),
    ground=Label(
        fr="freiner qui devine un mot de passe (article 32)", en="to slow down who guesses a password (art. 32)"
    ),
    every=timedelta(hours=1),
    goes_freely=True,
    # A wrong clock makes these counts void anyway, and an attack makes them by the million.
    is_guarded=False,
)
KEPT_FORMS = Ending(
    code="kept_forms",
    label=Label(fr="Formulaires gardés le temps de se reconnecter", en="Forms kept while somebody signs in again"),
    source=Rows(KeptForm, age=KeptForm.expires_at),
    term=OwnEnd(Label(fr="une heure", en="an hour")),
    starts=Label(fr="l’envoi", en="the moment it was sent"),
    ground=Label(fr="ne rien perdre de ce qui est saisi", en="so that nothing typed is lost"),
    every=timedelta(hours=1),
    goes_freely=True,
)
RUNS = Ending(
    code="purge_runs",
    label=Label(fr="Comptes rendus de suppression", en="Reports of removals"),
    source=Rows(
        PurgeRun,
        age=PurgeRun.clock_at,
        only=lambda over_before: (
            PurgeRun.class_code != BEFORE,
            PurgeRun.id.not_in(select(func.max(PurgeRun.id)).group_by(PurgeRun.class_code)),
        ),
    ),
    term=Declared("approvals"),
    starts=Label(fr="le passage", en="the run"),
    ground=Label(
        fr="prouver ce qui a été supprimé, et quand (article 5, paragraphe 2)",
        en="proof of what was removed, and when (art. 5(2))",
    ),
)

declare(
    Part("rate_counts", frozenset({"rate_counts"}), Reach.NOBODY, (RATE_COUNTS,)),
    Part("kept_forms", frozenset({"kept_forms"}), Reach.ACCOUNT, (KEPT_FORMS,)),
    Part("purge_runs", frozenset({"purge_runs"}), Reach.NOBODY, (RUNS,)),
    Part(
        "missing_consents",
        frozenset({"missing_consents"}),
        Reach.NOBODY,
        stays=Label(
            fr="des comptes par type de donnée, refaits chaque jour", en="counts by kind of data, made anew each day"
        ),
    ),
    Part(
        "audit",
        frozenset({"audit_events", "audit_head"}),
        Reach.NOBODY,
        stays=Label(
            fr="la piste d'audit ne nomme personne (article 5, paragraphe 2)", en="the trail names nobody (art. 5(2))"
        ),
    ),
)
