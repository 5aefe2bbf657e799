"""The people of the demonstration: invented, and the same ones every time."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.plain_letters import without_accents


@dataclass(frozen=True)
class DemoCustomer:
    """A customer. `has_account` people can sign in; the others are known to the company only.

    With `ended_days_ago` the relation is over, and nothing is newer than its end. An `is_erased` one asked for it, and
    nothing that names them is left. A prospect has no `since`: they wrote once, `asked_days_ago`, and never bought.
    """

    number: str
    given_name: str
    family_name: str
    birth_date: date
    language: str
    since: date | None
    address: tuple[str, str, str, str]
    phone: str
    has_account: bool = True
    ended_days_ago: int = 0
    is_erased: bool = False
    asked_days_ago: int = 0

    @property
    def ended_on(self) -> date | None:
        return clock.today() - timedelta(days=self.ended_days_ago) if self.ended_days_ago else None

    @property
    def email(self) -> str:
        return without_accents(self.given_name.lower()) + "@example.org"


CUSTOMERS = (
    DemoCustomer("C-1001", "Camille", "Lefèvre", date(1988, 3, 4), "fr", date(2019, 5, 11), ("12 rue des Tanneurs", "44000", "Nantes", "FR"), "+33611223344"),
    DemoCustomer("C-1002", "Thomas", "Girard", date(1979, 11, 22), "fr", date(2020, 2, 3), ("4 place de la Liberté", "35000", "Rennes", "FR"), "+33622334455"),
    DemoCustomer("C-1003", "Aïcha", "Benali", date(1992, 7, 15), "fr", date(2021, 9, 28), ("27 boulevard Longchamp", "13001", "Marseille", "FR"), "+33633445566"),
    DemoCustomer("C-1004", "Jean-Baptiste", "de La Rochefoucauld-Montbel", date(1965, 1, 30), "fr", date(2016, 6, 1), ("Résidence des Grands Chênes, bâtiment C, escalier 4, appartement 127, 1218 avenue du Général-de-Gaulle", "92350", "Le Plessis-Robinson", "FR"), "+33644556677"),
    DemoCustomer("C-1005", "Emma", "Clarke", date(1985, 9, 9), "en", date(2018, 12, 12), ("8 Orchard Lane", "BS1 4ND", "Bristol", "GB"), "+447400123456"),
    DemoCustomer("C-1006", "Oliver", "Bennett", date(1990, 4, 18), "en", date(2022, 3, 21), ("51 Quay Street", "EH6 6DQ", "Edinburgh", "GB"), "+447400654321"),
    DemoCustomer("C-1007", "Li", "Wei", date(1996, 2, 2), "fr", date(2023, 1, 16), ("3 rue de Tolbiac", "75013", "Paris", "FR"), "+33655667788"),
    DemoCustomer("C-1008", "Inès", "Moreau", date(1983, 5, 27), "fr", date(2017, 10, 5), ("19 rue de Metz", "31000", "Toulouse", "FR"), "+33666778899"),
    DemoCustomer("C-1009", "Hugo", "Fontaine", date(2001, 8, 8), "fr", date(2024, 4, 2), ("6 quai des Bateliers", "67000", "Strasbourg", "FR"), "+33677889900"),
    DemoCustomer("C-1010", "Sofia", "Rossi", date(1974, 12, 1), "fr", date(2015, 3, 19), ("33 rue Paradis", "06000", "Nice", "FR"), "+33688990011"),
    DemoCustomer("C-1011", "Margaret", "O’Connor", date(1958, 6, 23), "en", date(2019, 7, 7), ("2 Harbour Road", "D02 X285", "Dublin", "IE"), "+353871234567", False),
    DemoCustomer("C-1012", "Nathan", "Dubois", date(1999, 10, 10), "fr", date(2025, 5, 5), ("14 rue Nationale", "59000", "Lille", "FR"), "+33699001122", False),
    DemoCustomer("C-1013", "Julien", "Marchand", date(1981, 7, 9), "fr", date(2020, 9, 14), ("5 rue de la Préfecture", "21000", "Dijon", "FR"), "+33610203040", ended_days_ago=40),
    DemoCustomer("C-1014", "Grace", "Whitfield", date(1970, 3, 11), "en", date(2017, 5, 2), ("17 Castle Street", "CF10 1BT", "Cardiff", "GB"), "+447400987654", False, ended_days_ago=200),
    DemoCustomer("C-1015", "Étienne", "Caron", date(1977, 10, 3), "fr", date(2018, 1, 8), ("9 rue du Port", "17000", "La Rochelle", "FR"), "+33612131415", ended_days_ago=120, is_erased=True),
    DemoCustomer("P-2001", "Manon", "Perrot", date(1994, 6, 17), "fr", None, ("2 impasse des Lilas", "37000", "Tours", "FR"), "+33615161718", False, asked_days_ago=64),
    DemoCustomer("P-2002", "Victor", "Lambert", date(1969, 2, 26), "fr", None, ("18 cours Gambetta", "84000", "Avignon", "FR"), "+33619202122", False, asked_days_ago=1070),
)  # fmt: skip

STAFF = (
    ("support@example.org", "Samir Khelif", Role.SUPPORT, "fr"),
    ("reviewer@example.org", "Nora Petit", Role.REVIEWER, "fr"),
    ("officer@example.org", "Hélène Aubry", Role.OFFICER, "fr"),
    ("marketing@example.org", "Paul Renaud", Role.MARKETING, "fr"),
    ("administrator@example.org", "Claire Masson", Role.ADMINISTRATOR, "fr"),
)
