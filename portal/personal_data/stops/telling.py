"""What a person reads of a use that they objected to, each sentence with the row behind it."""

from typing import Final

from portal.bilingual import Label, long_date
from portal.personal_data.sentences import Ground, declare, row, say
from portal.personal_data.stops.models import PurposeStop, StopState

SENTENCES: Final = {
    StopState.WEIGHING: declare(
        "use_weighed",
        Ground.ROW,
        Label(
            fr="Vous vous y opposez depuis le {date}. D'ici notre réponse, nos systèmes lisent ici que vos données ne"
            " doivent pas y servir.",
            en="You have objected to it since {date}. Until we answer, our systems read here that your data are not to"
            " be used for it.",
        ),
        Label(
            fr="Votre opposition n'est pas encore enregistrée pour cet usage.",
            en="Your objection to this use is not recorded yet.",
        ),
    ),
    StopState.STOPPED: declare(
        "use_ended",
        Ground.ROW,
        Label(
            fr="Arrêt décidé le {date}. Nos systèmes lisent ici que vos données ne doivent plus y servir.",
            en="We decided on {date} that it stops. Our systems read here that your data are no longer to be used for"
            " it.",
        ),
        Label(
            fr="L'arrêt de cet usage n'est pas encore décidé.",
            en="It is not decided yet that this use stops.",
        ),
    ),
    StopState.OVERRIDDEN: declare(
        "use_goes_on",
        Ground.ROW,
        Label(
            fr="Cet usage continue depuis notre réponse du {date}, qui dit pourquoi.",
            en="This use goes on since our answer of {date}, which says why.",
        ),
        Label(
            fr="Il n'est pas décidé que cet usage continue.",
            en="It is not decided that this use goes on.",
        ),
    ),
}


def say_stop(stop: PurposeStop, language: object) -> str:
    """Return in a language how an objection to one use stands, and since when."""
    behind = row(PurposeStop.__tablename__, stop.id)
    return say(SENTENCES[stop.state], behind, language, date=long_date(stop.since, language, weekday=False))
