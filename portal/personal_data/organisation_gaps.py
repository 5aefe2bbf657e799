"""Where the organisation, or the policy it publishes, falls short of the law, for the privacy officer."""

from dataclasses import dataclass
from typing import Final

from portal.bilingual import Label
from portal.citations import cite
from portal.organisation import GapCode, Organisation, Recipient
from portal.personal_data.uses.trackers import purposes_in_the_dark


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap: its code, the text of law it falls short of, what is wrong and what cures it."""

    code: GapCode
    reference: str
    finding: Label
    cure: Label

    def legal_reference(self, language: object) -> str:
        """Return the text of law in words."""
        return cite(self.reference, language)


def gaps(organisation: Organisation) -> tuple[Gap, ...]:
    """Return the gaps that an organisation's file shows and those it declares, in the order of `GapCode`."""
    found = {GapCode(code) for code in organisation.policy_lacks}
    if organisation.data_protection_officer is None:
        found.add(GapCode.OFFICER)
    if not organisation.subsidiaries_are_named:
        found.add(GapCode.SUBSIDIARIES)
    if organisation.takes_automated_decisions is None:
        found.add(GapCode.AUTOMATED_DECISIONS)
    if purposes_in_the_dark(organisation):
        found.add(GapCode.TRACKERS)
    if organisation.accessibility is None or not organisation.accessibility.is_done:
        found.add(GapCode.ACCESSIBILITY_AUDIT)
    found |= {code for code, recipients in _recipients_at_fault(organisation).items() if recipients}
    return tuple(_gap(code, organisation) for code in GapCode if code in found)


def _recipients_at_fault(organisation: Organisation) -> dict[GapCode, list[Recipient]]:
    """Return the recipients of which a sentence that people should read cannot be said."""
    recipients = organisation.recipients
    outside = [recipient for recipient in recipients if recipient.is_in_the_union is False]
    return {
        GapCode.UNNAMED_RECIPIENTS: [recipient for recipient in recipients if recipient.is_owed],
        GapCode.RECIPIENT_COUNTRIES: [recipient for recipient in recipients if recipient.is_in_the_union is None],
        GapCode.TRANSFERS: [recipient for recipient in outside if recipient.transfer_safeguard is None],
    }


def _gap(code: GapCode, organisation: Organisation) -> Gap:
    gap = _GAPS[code]
    at_fault = _recipients_at_fault(organisation).get(code)
    if at_fault is None:
        return gap
    finding = Label(
        fr=f"{gap.finding.fr} : {', '.join(recipient.shown_name('fr') for recipient in at_fault)}.",
        en=f"{gap.finding.en}: {', '.join(recipient.shown_name('en') for recipient in at_fault)}.",
    )
    return Gap(code, gap.reference, finding, gap.cure)


def _declare(code: GapCode, reference: str, finding: tuple[str, str], cure: tuple[str, str]) -> Gap:
    return Gap(code, reference, Label(*finding), Label(*cure))


_GAPS: Final = {
    gap.code: gap
    for gap in (
        _declare(
            GapCode.OFFICER,
            "GDPR art. 13(1)(b), 37",
            (
                "Aucun délégué à la protection des données n'est nommé. L'adresse générale est montrée.",
                "No contact is named for data protection: the portal shows the general address.",
            ),
            (
                "Ajoutez [data_protection_officer] au fichier d'organisation.",
                "Add [data_protection_officer] to the organisation file.",
            ),
        ),
        _declare(
            GapCode.SUBSIDIARIES,
            "GDPR art. 13(1)(e), CJEU C-154/21",
            (
                "Des sociétés du groupe reçoivent des données sans être nommées.",
                "Companies of the group receive data without being named.",
            ),
            (
                "Nommez chaque société dans [[group]] et [[recipients]].",
                "Name each company in [[group]] and [[recipients]].",
            ),
        ),
        _declare(
            GapCode.UNNAMED_RECIPIENTS,
            "GDPR art. 15(1)(c), CJEU C-154/21",
            (
                "Ces destinataires ne sont connus que par catégorie",
                "These recipients are known by category only",
            ),
            (
                "Donnez leur nom dans [[recipients]].",
                "Give their name in [[recipients]].",
            ),
        ),
        _declare(
            GapCode.RECIPIENT_COUNTRIES,
            "GDPR art. 13(1)(f), 44",
            (
                "Le pays de ces destinataires n'est pas déclaré, et le portail ne peut pas dire où vont les données",
                "The country of these recipients is not declared, and the portal cannot say where data go",
            ),
            (
                "Donnez country et country_name dans [[recipients]].",
                "Give country and country_name in [[recipients]].",
            ),
        ),
        _declare(
            GapCode.TRANSFERS,
            "GDPR art. 46, 13(1)(f)",
            (
                "Ces destinataires sont hors de l'Union européenne, sans garantie déclarée",
                "These recipients are outside the European Union, without a declared safeguard",
            ),
            (
                "Donnez transfer_safeguard dans [[recipients]], ou cessez le transfert.",
                "Give transfer_safeguard in [[recipients]], or stop the transfer.",
            ),
        ),
        _declare(
            GapCode.AUTOMATED_DECISIONS,
            "GDPR art. 22, 15(1)(h)",
            (
                "Rien ne dit si une machine seule prend des décisions sur des personnes.",
                "Nothing says whether a machine alone takes decisions about people.",
            ),
            (
                "Vérifiez-le, puis donnez takes_automated_decisions dans le fichier d'organisation.",
                "Find out, then give takes_automated_decisions in the organisation file.",
            ),
        ),
        _declare(
            GapCode.TRACKERS,
            "loi 78-17 art. 82; CNIL 2020-091; CJEU C-673/17",
            (
                "Pour certains usages de cookies, rien ne dit quels traceurs servent, qui les dépose et jusqu'à quand.",
                "For some purposes of cookies nothing says which trackers are used, who sets them, how long they stay.",
            ),
            (
                "Déclarez chaque traceur dans [[trackers]], ou l'usage sans traceur dans no_trackers_for.",
                "Declare each tracker in [[trackers]], or a purpose without any in no_trackers_for.",
            ),
        ),
        _declare(
            GapCode.ACCESSIBILITY_AUDIT,
            "Directive (EU) 2019/882, RGAA 4.1",
            (
                "Personne n'a audité l'accessibilité du portail : il ne déclare aucun niveau de conformité.",
                "Nobody has audited the accessibility of the portal: it claims no level of compliance.",
            ),
            (
                "Après un audit, donnez [accessibility] dans le fichier d'organisation.",
                "After an audit, give [accessibility] in the organisation file.",
            ),
        ),
        _declare(
            GapCode.COMPLAINT_RIGHT,
            "GDPR art. 13(2)(d)",
            (
                "La politique publiée ne parle pas de la plainte auprès de la CNIL.",
                "The published policy does not mention the complaint to the CNIL.",
            ),
            (
                "Publiez la politique de ce portail, qui la nomme avec son adresse.",
                "Publish the policy of this portal, which names it with its address.",
            ),
        ),
        _declare(
            GapCode.LAWFUL_BASES,
            "GDPR art. 13(1)(c)",
            (
                "La politique publiée ne donne pas de base légale pour chaque finalité.",
                "The published policy gives no lawful basis for each purpose.",
            ),
            (
                "Confirmez les bases du plan des données, une par finalité.",
                "Confirm the bases in the data map, one for each purpose.",
            ),
        ),
        _declare(
            GapCode.RETENTION_PER_CATEGORY,
            "GDPR art. 13(2)(a)",
            (
                "La politique publiée donne une seule durée pour toutes les données.",
                "The published policy gives one period for all data.",
            ),
            (
                "Confirmez les durées du plan des données, une par type.",
                "Confirm the periods in the data map, one for each kind.",
            ),
        ),
        _declare(
            GapCode.RECIPIENTS_NAMED,
            "GDPR art. 13(1)(e), CJEU C-154/21",
            (
                "La politique publiée nomme l'hébergeur et la société mère, et aucun autre destinataire.",
                "The published policy names the host and the parent company, and no other recipient.",
            ),
            (
                "Tenez à jour les destinataires du fichier d'organisation.",
                "Keep the recipients of the organisation file up to date.",
            ),
        ),
        _declare(
            GapCode.COOKIE_CONSENT,
            "loi 78-17 art. 82",
            (
                "La politique publiée cite des cookies, balises et pixels, et jamais le consentement.",
                "The published policy mentions cookies, beacons and pixels, and never consent.",
            ),
            (
                "Reliez les sites aux choix recueillis ici avant tout traceur non nécessaire.",
                "Connect the sites to the choices made here before any tracker that is not necessary.",
            ),
        ),
        _declare(
            GapCode.MARKETING_OBJECTION,
            "GDPR art. 21(2), 21(3)",
            (
                "La politique publiée soumet toute opposition à des motifs impérieux, publicité comprise.",
                "The published policy subjects every objection, marketing included, to compelling grounds.",
            ),
            (
                "Le portail accepte l'opposition à la publicité sans condition. Corrigez le texte publié.",
                "The portal grants an objection to marketing without condition. Correct the published text.",
            ),
        ),
        _declare(
            GapCode.DIRECTIVES,
            "loi 78-17 art. 85 III",
            (
                "La politique publiée dit peu de chose sur le sort des données après la mort.",
                "The published policy says little on what becomes of data after death.",
            ),
            (
                "Décidez ce que deviennent les données sans directives, et dites-le.",
                "Decide what becomes of data without directives, and say so.",
            ),
        ),
        _declare(
            GapCode.FACEBOOK_SIGN_IN,
            "GDPR art. 14, 26; CJEU C-40/17",
            (
                "La politique publiée traite la connexion par Facebook comme un simple lien externe.",
                "The published policy treats the sign-in by Facebook as a mere external link.",
            ),
            (
                "Dites ce que l'entreprise reçoit de Facebook : elle en est responsable.",
                "Say what the company receives from Facebook: it is responsible for it.",
            ),
        ),
        _declare(
            GapCode.IDENTITY_DOCUMENT,
            "GDPR art. 12(6); EDPB 01/2022",
            (
                "La politique publiée demande une pièce d'identité « au besoin », sans dire quand.",
                "The published policy asks for an identity document “if needed”, without saying when.",
            ),
            (
                "Le portail ne la demande qu'en cas de doute. Corrigez le texte publié.",
                "The portal asks for it in case of doubt only. Correct the published text.",
            ),
        ),
        _declare(
            GapCode.POLICY_CHANGES,
            "GDPR art. 5(1)(a), 13(3)",
            (
                "La politique publiée demande de la relire de temps en temps.",
                "The published policy asks people to read it again from time to time.",
            ),
            (
                "Prévenez les clients de tout changement important avant qu'il s'applique.",
                "Tell customers of every important change before it applies.",
            ),
        ),
        _declare(
            GapCode.HOSTED_SITES,
            "GDPR art. 28(3)(e)",
            (
                "Les personnes qui figurent dans les sites des clients ne relèvent pas de ce portail.",
                "People whose data are in customers' sites are outside this portal.",
            ),
            (
                "Transmettez leurs demandes au client concerné.",
                "Pass their requests on to the customer concerned.",
            ),
        ),
        _declare(
            GapCode.HOSTING_DUTY,
            "LCEN art. 6; décret 2021-1362",
            (
                "L'entreprise héberge les sites de ses clients, et doit peut-être garder leur identité.",
                "The company hosts its customers' sites: the law may make it keep their identity.",
            ),
            (
                "Faites confirmer les durées de cinq ans et d'un an du plan des données.",
                "Have the periods of five years and one year in the data map confirmed.",
            ),
        ),
        _declare(
            GapCode.ACCESSIBILITY,
            "Directive (EU) 2019/882; décret 2023-931",
            (
                "L'effectif et le chiffre d'affaires décident si la loi sur l'accessibilité s'applique.",
                "Headcount and turnover decide whether the accessibility act applies.",
            ),
            (
                "Gardez la preuve de la décision. Le portail vise WCAG 2.2 AA dans tous les cas.",
                "Keep proof of the decision. The portal aims at WCAG 2.2 AA in any case.",
            ),
        ),
    )
}
