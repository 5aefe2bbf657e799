"""Names that one person writes in many ways are one; two names that share a particle alone are two."""

import pytest

from portal.customers.names import folded, initial_of, is_same_name

SAME = [
    ("Lecoeur", "Lecœur"), ("Sorensen", "Sørensen"), ("Soerensen", "Sørensen"), ("Mueller", "Müller"), ("Lukasz", "ŁUKASZ"),
    ("Dang", "Đặng"), ("STRAUSS", "Strauß"), ("Ðorður", "Dordur"), ("Ærø", "aero"), ("ﬁore", "Fiore"), ("Isik", "Işık"),
    ("D’Artagnan", "d'artagnan"), ("Dartagnan", "D ʼArtagnan"), ("d´Été", "D`ETE"), ("N'Diaye", "Ndiaye"), ("O＇Brien", "OBrien"),
    ("Le Goff", "Legoff"), ("de la Croix", "Delacroix"), ("van der Meer", "VANDERMEER"), ("El-Amrani", "Amrani"),
    ("Benali", "Ben Ali"), ("Abd el-Kader", "ABDELKADER"), ("Mac Donald", "McDonald"), ("MACDONALD", "Mc Donald"),
    ("Saint-Exupéry", "St Exupery"), ("Sainte-Beuve", "Ste. Beuve"), ("Jean‑Noël", "JEAN NOEL"), ("Jean\u00adPaul", "jean paul"),
    ("Dupont-Martin", "Martin"), ("Le", "LE"), ("山田", "山田 太郎"), ("Djokovic", "Đoković"), ("فاطمة", "فاطمه"), ("علي", "على"),
    ("Nunez", "Núñez"), ("Eszterhazy", "Eszterházy"), ("Nguyen", "NGUYỄN"), ("مُحَمَّد", "محمد"), ("عبد الله", "عبدالله"), ("Ёлкина", "Елкина"),
    ("Дем'янченко", "Дем’янченко"), ("Kaʻahumanu", "Kaahumanu"), ("Ng'ang'a", "Nganga"), ("김철수", "김 철수"), ("Ｌｅｅ", "lee"), ("ΠΑΠΠΑΣ", "Παππάς"),
    ("Иванов", "ИВАНОВ"), ("\u200eZoe\u0301", "Zoé"),
    # letters with a bar or a hook in any script's Latin, lookalikes, and ligatures of other keyboards
    ("Haȼek", "Hacek"), ("Ⱥlvaro", "Alvaro"), ("Ꝑaul", "Paul"), ("Ǥovva", "Govva"), ("Ƴakubu", "Yakubu"), ("Ɣali", "Gali"),
    ("Ðura", "Djura"), ("ǿre", "Oere"), ("Van Dÿck", "van Dijck"), ("ĲZERMAN", "ijzerman"), ("ﬀrench", "ffrench"),
    # apostrophes that Unicode counts as letters, and signs that show nothing
    ("DꞌArc", "DArc"), ("ꞌOkina", "Okina"), ("O‵Neil", "ONeil"), ("D՚Arc", "D'Arc"), ("Ana\u3164", "Ana"), ("Zo\ufe0fe", "Zoe"),
    ("محمـد", "محمد"), ("کریم", "كريم"), ("علی", "علي"),
    # one article or father written as it is heard
    ("Abd al-Rahman", "Abdelrahman"), ("Abdul Karim", "Abdelkarim"), ("Abu-Bakr", "Aboubakr"), ("Sta. Cruz", "Santa Cruz"),
    # a whole name that looks like a particle, and a very long one
    ("Lê", "Lê Anh"), ("An", "Van An"), ("Ben", "Ben James"), ("Li", "Li Wei"),
    ("Pablo Diego José Francisco de Paula Juan Nepomuceno María de los Remedios Cipriano Ruiz y Picasso", "Picasso"),
    ("佐々木", "佐々木 一郎"), ("राम", "राम कुमार"), ("Martin (née Petit)", "Petit"),
]  # fmt: skip
DIFFERENT = [
    ("El Idrissi", "El Amrani"), ("van der Meer", "van der Berg"), ("Saint-Exupéry", "Saint-Laurent"), ("Ben Ali", "Ben Salah"),
    ("O'Brien", "O’Connor"), ("Mac Donald", "Mac Gregor"), ("d’Été", "d’Hiver"), ("de la Croix", "de la Tour"), ("Le", "De"),
    ("Lefèvre", "Lefebvre"), ("J. Dupont", "J. Martin"), ("Иванов", "Петров"), ("Đặng", "Nguyễn"), ("김", "이"), ("محمد", "أحمد"), ("Aït Ahmed", "Aït Kaci"), ("Da Silva", "Da Costa"),
    ("Ould Ahmed", "Ould Daddah"), ("李", "王"),
    # Dutch, German, Italian, Spanish, Portuguese, Irish, Welsh, Vietnamese and Arabic particles
    ("in ’t Veld", "in ’t Hout"), ("op de Beeck", "op de Berg"), ("uit den Boogaard", "uit den Berg"), ("v.d. Berg", "v.d. Meer"),
    ("auf der Maur", "auf der Au"), ("am Ende", "am Rhein"), ("Dell’Acqua", "Dell’Orto"), ("Dalla Valle", "Dalla Rosa"),
    ("Li Causi", "Li Volsi"), ("Dello Russo", "Dello Buono"), ("Sta. Cruz", "Sta. Maria"), ("Oliveira e Silva", "Costa e Souza"),
    ("García y Vega", "Perez y Lopez"), ("Ní Bhriain", "Ní Murchú"), ("ferch Rhys", "ferch Ifan"), ("Nguyễn Thị Hương", "Trần Thị Lan"),
    ("ash-Shami", "ash-Sharif"), ("Oum Kalthoum", "Oum Hani"), ("ul Haq", "ul Islam"), ("بن علي", "بن صالح"), ("أبو بكر", "أبو نضال"),
    ("عبد الرحمن", "عبد الكريم"), ("آل سعود", "آل ثاني"), ("בן דוד", "בן חיים"), ("Sidi Ahmed", "Sidi Ali"), ("Le Van", "Do Van"),
    # titles, and words that join two names
    ("Mme Martin", "Mme Dupont"), ("Dr Martin", "Dr Petit"), ("Dupont née Martin", "Durand née Petit"), ("Dupont fils", "Martin fils"),
    # signs inside a word do not cut it
    ("佐々木", "鈴木"), ("ローラ", "ローザ"), ("राम", "राज"), ("குமார்", "குணா"), ("مـن", "مـع"),
]  # fmt: skip
UNKNOWN = [
    ("Иванов", "Ivanov"),
    ("أحمد", "Ahmed"),
    ("山田", "Yamada"),
    ("", "Martin"),
    ("-", "Martin"),
    ("Παππάς", "Pappas"),
    ("たなか", "タナカ"),
    ("\u200b\u202e", "Martin"),
    ("李", "Li"),
    ("Dʼyachenko", "Дʼяченко"),
    ("\u3164", "Martin"),
]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(*pair, True) for pair in SAME] + [(*pair, False) for pair in DIFFERENT] + [(*pair, None) for pair in UNKNOWN],
)
def test_two_ways_to_write_a_name(one: str, other: str, expected: bool | None) -> None:
    assert is_same_name(one, other) is is_same_name(other, one) is expected


def test_a_folded_name_is_one_word() -> None:
    assert folded(" Œ. d’Ærø-Strauß ") == "oedaerostrauss"


@pytest.mark.parametrize(
    ("name", "initial"),
    [("Lefèvre", "L"), ("’t Hooft", "t"), ("\u200bÉluard", "É"), ("रावत", "रा"), ("मोदी", "मो"), ("(Petit)", "P"), ("ʼOkina", "O"), ("李", "李"), ("-", ""), ("", ""), ("😀", ""), ("Ọ̀kẹ́", "Ọ̀")],
)  # fmt: skip
def test_the_initial_is_the_first_letter_that_is_read(name: str, initial: str) -> None:
    assert initial_of(name) == initial
