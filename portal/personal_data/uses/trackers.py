"""Which trackers each purpose of cookies uses: who decides, who sets them, for how long (CNIL 2020-091, CJEU C-673/17).

A consent that does not say so is not informed. Until the organisation file does, people read that as a gap.
"""

from collections.abc import Iterable
from typing import Final

from portal.bilingual import Label
from portal.organisation import Organisation, Tracker
from portal.personal_data.sentences import Ground, declare, say, setting
from portal.personal_data.uses.cookie_purposes import CookiePurpose

TRACKERS: Final = declare(
    "trackers",
    Ground.SETTING,
    Label(
        fr="Qui décide : {controllers}. Qui les dépose : {vendors}. Traceurs et durées : {trackers}.",
        en="Who decides: {controllers}. Who sets them: {vendors}. Trackers and how long they stay: {trackers}.",
    ),
    Label(
        fr="Nous ne pouvons pas encore nommer les traceurs de cet usage, ni dire qui les dépose et combien de temps"
        " ils restent.",
        en="We cannot name the trackers of this use yet, nor say who sets them and how long they stay.",
    ),
)
NO_TRACKERS: Final = declare(
    "no_trackers",
    Ground.SETTING,
    Label(fr="Nos sites n'ont aucun traceur pour cet usage.", en="Our sites have no tracker for this use."),
    TRACKERS.unknown,
)


def say_trackers(organisation: Organisation, purpose: CookiePurpose, language: object) -> str:
    """Return who decides on a purpose of cookies, who sets its trackers, and each with its lifetime; or the gap."""
    if purpose in organisation.no_trackers_for:
        return say(NO_TRACKERS, setting("no_trackers_for"), language)
    used = trackers_of(organisation, purpose)
    if not used:
        return say(TRACKERS, None, language)
    return say(
        TRACKERS,
        setting("trackers"),
        language,
        controllers=_listed(tracker.controller or organisation.name for tracker in used),
        vendors=_listed(tracker.set_by for tracker in used),
        trackers=_listed(f"{tracker.name} ({tracker.lifetime.text(language)})" for tracker in used),
    )


def trackers_of(organisation: Organisation, purpose: CookiePurpose) -> list[Tracker]:
    """Return the declared trackers of a purpose."""
    return [tracker for tracker in organisation.trackers if tracker.purpose == purpose]


def purposes_in_the_dark(organisation: Organisation) -> list[CookiePurpose]:
    """Return the purposes of which people cannot be told anything yet."""
    told = {*organisation.no_trackers_for, *(tracker.purpose for tracker in organisation.trackers)}
    return [purpose for purpose in CookiePurpose if purpose not in told]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
