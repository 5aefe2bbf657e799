"""The reference of a case, written and read back."""

import pytest

from portal.infrastructure.references import read_reference, write_reference


@pytest.mark.parametrize(
    "typed",
    [
        "DR-2026-00431", "dr-2026-00431", "Dr-2026-431", "DR 2026 431", "DR202600431", "dr2026431", "DR - 2026 - 00431",
        " DR-2026-00431\n", "DR\u00a02026\u202f00431", "DR-2026-000431",
        "DR‐2026‐00431", "DR‑2026‑00431", "DR‒2026‒00431", "DR–2026–00431", "DR—2026—00431", "DR−2026−00431",
        "DR－2026－00431", "ＤＲ-２０２６-００４３１", "ｄｒ\u3000２０２６\u3000４３１",
        "DR-2026-00431.", "(DR-2026-00431)", "[DR-2026-00431]", "(DR-2026-00431),", "« DR-2026-00431 »", "“DR-2026-00431”",
        "n° DR-2026-00431", "N°DR-2026-00431", "nº dr 2026 431", "№ DR-2026-00431", "(n° DR-2026-00431).",
        "DR-2O26-OO431", "dr-2o26-oo43l", "DR-2026-0O43I", "DR\u200b-2026\ufeff-00431\u00ad",
        "\u200eDR-2026-00431\u200f", "\u202aDR-2026-00431\u202c", "\u2066DR-2026-00431\u2069",
        "dossier DR-2026-00431", "Réf. : DR-2026-00431", "DR_2026_00431", "DR/2026/00431", "DR.2026.00431", "DR-2026-00431/",
        "DR-2026-٠٠٤٣١", "#DR-2026-00431", "TR: Re: [DR-2026-00431]", "`DR-2026-00431`", "DR-2026-00431…", "DR⁃2026ー00431",
    ],
)  # fmt: skip
def test_what_people_type_is_read(typed: str) -> None:
    assert read_reference(typed) == "DR-2026-00431"


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", ".", "n°", "DR", "2026-00431", "DR-2026", "DR-2026-", "DR-26-00431", "XX-2026-00431", "DRR-2026-00431",
        "DR-2026-00431-2", "DR-2026-00431 DR-2026-00432", "DR-2026-00431%", "DR-2026-00431\x00", "DR-2026-⁴³¹",
        "DR-2026-123456789", "DR-2026-" + "9" * 100_000, "(" * 100_000 + "DR-2026-00431x",
    ],
)  # fmt: skip
def test_nothing_else_is(typed: str) -> None:
    assert read_reference(typed) is None


@pytest.mark.parametrize(
    ("number", "written"), [(1, "DR-2026-00001"), (431, "DR-2026-00431"), (1234567, "DR-2026-1234567")]
)
def test_what_is_written_reads_back(number: int, written: str) -> None:
    assert write_reference(2026, number) == written
    assert read_reference(written) == written
