"""Readers of whole documents: Markdown, HTML, Word, PDF."""

import io
import time
import zipfile
from pathlib import Path, PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.ingest.docx import read_docx
from corpus.ingest.html import decode_page, read_html
from corpus.ingest.lines import Line, paragraphs, without_running
from corpus.ingest.markdown import read_markdown
from corpus.ingest.pdf import read_pdf
from corpus.ingest.raw import RawDocument, Reader
from corpus.report import Skipped

PAGES = Path(__file__).parent / "cases" / "pages"
# Beyond the first plane, joined emoji, a variation selector, an ideographic space, a rare character, 鎔.
UNUSUAL = "𠮷野家 👩‍👩‍👧 ☂️ 记者　林岚 㐂 朱鎔 naïve ﹏"


def taken(reader: Reader, data: bytes, name: str) -> RawDocument:
    (found,) = reader(data, PurePath(name), name)
    assert isinstance(found, RawDocument), found
    return found


def refused(reader: Reader, data: bytes, name: str = "a") -> str:
    (found,) = reader(data, PurePath(name), name)
    assert isinstance(found, Skipped), found
    assert found.what == name
    assert "\n" not in found.why
    return found.why


# Markdown


def markdown(text: str) -> RawDocument:
    return taken(read_markdown, text.encode(), "a.md")


@pytest.mark.parametrize(
    ("front", "meta"),
    [
        ("title: Roads: a story\ndate: 2024-03-05", {"title": "Roads: a story", "date": "2024-03-05"}),
        ("title: 'It''s here'\nauthors:\n  - 林岚\n  - {name: 方平}", {"title": "It's here", "author": "林岚, 方平"}),
        ('title: "Roads # one"  # a remark\nauthor: ~', {"title": "Roads # one"}),
        ("title: >\n  Roads\n  and bridges\n", {"title": "Roads and bridges\n"}),
        ("title: No\ndate: 2024-03-05 10:20:00", {"title": "No", "date": "2024-03-05 10:20:00"}),
        ("标题: 修路\n来源: 河湾日报", {"title": "修路", "source": "河湾日报"}),
        ("title: &a [x]\nauthor: *a", {"title": "&a [x]", "author": "*a"}),
    ],
)
@pytest.mark.parametrize("end", ["---", "..."])
def test_front_matter(front: str, meta: dict[str, str], end: str) -> None:
    found = markdown(f"---\r\n{front}\r\n{end}\r\n\r\nThe text.\n".replace("\r\n", "\n"))
    assert {key: value.strip() for key, value in found.meta.items()} == {k: v.strip() for k, v in meta.items()}
    assert found.text == "The text.\n"


def test_front_matter_in_toml() -> None:
    assert markdown('+++\ntitle = "Roads"\ndate = 2024-03-05\n+++\nx').meta == {"title": "Roads", "date": "2024-03-05"}


def test_a_rule_at_the_start_is_no_front_matter() -> None:
    assert markdown("---\n\nThe text.\n\n---\nx").text == "The text.\n\n\nx"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# 河湾**修路**\n\nx", "河湾修路"),
        ("x\n\n## Two\n\n# One #\n", "One"),
        ("Roads\n=====\nx", "Roads"),
        ("```\n# no heading\n```\n", None),
        ("---\ntitle: Given\n---\n# Another", "Given"),
    ],
)
def test_title_of_markdown(text: str, title: str | None) -> None:
    assert markdown(text).meta.get("title") == title


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("中*文*字 3*4*5 `a_b*c*` \\*x\\*", "中文字 3*4*5 a_b*c* *x*"),
        ("| 乡镇 | 公里 |\n|:---|---:|\n| **青石** | 1\\|2 |\nx|y?", "乡镇\t公里\n\n青石\t1|2\nx\ty?"),
        ("a[^1] b\n\n[^1]: A note.", "a b\n\nA note."),
        ("```py\n# x\n**y**\n```\nz", "# x\n**y**\n\nz"),
        ("- a\n  * b\n1. c\n- [x] d", "a\nb\n1. c\nd"),
        ('<p class="x">a &amp; 5 < 6 > 4<br>b</p> <script>alert("no")</script>c', "a & 5 < 6 > 4\nb c"),
        ("[a][r], [b], <https://example.org>\n\n[r]: http://example.org", "a, [b], https://example.org\n\n"),
        ("~~a~~ _b_ snake_case_x", "a b snake_case_x"),
        (UNUSUAL, UNUSUAL),
    ],
)
def test_markup_of_markdown(marked: str, plain: str) -> None:
    assert markdown(marked).text == plain


HOSTILE = (
    "<b ",
    "<script>",
    "| a",
    "|-|\n",
    "a|b\n",
    "`a ",
    "``` a\n",
    "\\*",
    "[^a",
    "[a][b",
    "[a]: b",
    "> ",
    "_a ",
    "~~a ",
)


@pytest.mark.parametrize(
    "text",
    [
        *(part * 40_000 for part in HOSTILE),
        "---\na: " + "{" * 60_000 + "\n---\nx",
        "---\n" + "a: b\n" * 50_000 + "---\nx",
    ],
    ids=lambda text: text[:8],
)
def test_markdown_takes_time_in_proportion(text: str) -> None:
    began = time.process_time()
    assert list(read_markdown(text.encode(), PurePath("a.md"), "a.md"))
    assert time.process_time() - began < 2


@given(st.text())
def test_any_text_is_markdown(text: str) -> None:
    list(read_markdown(text.encode("utf-8", "surrogatepass"), PurePath("a.md"), "a.md"))


# HTML

GOLD = sorted(PAGES.glob("*.html"))


@pytest.mark.parametrize("page", GOLD, ids=lambda page: page.stem)
def test_pages_give_their_article(page: Path) -> None:
    """Pages made like those of Chinese governments, English papers and old sites, each in its own encoding."""
    encoding = page.stem.split(".")[1]
    data = page.read_text("utf-8").encode("gbk" if encoding == "gb2312" else encoding)
    found = taken(read_html, data, f"{page.stem}.html")
    assert found.text.split("\n") == page.with_suffix(".txt").read_text("utf-8").removesuffix("\n").split("\n")
    assert found.meta["title"] == found.text.split("\n")[0]
    assert found.meta.get("date", "")[:2] == "20"


def test_meta_of_a_page() -> None:
    assert taken(read_html, (PAGES / "gazette.utf-8.html").read_bytes(), "a.html").meta == {
        "title": "Riverbend to build 3,800 affordable homes",
        "date": "2024-03-05",
        "source": "Riverbend Gazette",
        "author": "Dana Whitlock",
        "url": "https://gazette.example/news/2024/03/homes",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
    }


BODY = "河湾市今年将修建农村道路三十公里，明年完工，村民都说好。"


@pytest.mark.parametrize(
    ("declared", "real", "known"),
    [
        ("gb2312", "gbk", "gb18030"),
        ("gb2312", "gb18030", "gb18030"),
        ("gb2312", "utf-8", "utf-8"),
        ("utf-8", "gbk", "gb18030"),
        ("iso-8859-1", "gbk", "gb18030"),
        ("rot13", "gbk", "gb18030"),
        ("", "utf-16", "utf-16"),
        ("utf-8", "utf-8-sig", "utf-8"),
    ],
)
def test_encodings_of_pages(declared: str, real: str, known: str) -> None:
    text = BODY + ("朱镕基𠮷" if real != "gbk" else "朱镕基")
    page = f"<html><head><meta charset='{declared}'><title>修路了，好事</title></head><body><p>{text}</p></body></html>"
    found = taken(read_html, page.encode(real), "a.html")
    assert found.text == f"修路了，好事\n{text}"
    assert found.encoding == known


def test_a_broken_byte_matters_only_in_the_article() -> None:
    page = f"<meta charset=gbk><body><div class=nav><a href=/>首X页</a></div><div><p>{BODY * 50}</p></div>"
    data = page.encode("gbk")
    assert BODY in taken(read_html, data.replace(b"X", b"\xff"), "a.html").text
    assert "broken" in refused(read_html, data.replace("完工".encode("gbk"), b"\xff\xff", 1))
    assert decode_page(data)[1] == "gb18030"


@pytest.mark.parametrize("lang", ["en", "zh", "fr", ""])
def test_the_text_decides_the_language_of_a_page(lang: str) -> None:
    found = taken(read_html, f"<html lang='{lang}'><p>{BODY}</p></html>".encode(), "a.html")
    assert found.lang == ("zh" if lang == "zh" else None)
    assert taken(read_html, f"<p>{BODY}</p>".encode(), "a.zh.html").lang == "zh"


def test_unusual_characters_of_a_page_stay() -> None:
    page = f"<title>x</title><div><h1>{UNUSUAL}</h1><p>　　{BODY}{UNUSUAL}</p><p>{BODY}&#x20BB7;&mdash;</p></div>"
    assert taken(read_html, page.encode(), "a.html").text == f"{UNUSUAL}\n{BODY}{UNUSUAL}\n{BODY}𠮷—"


def test_no_script_reaches_the_text() -> None:
    page = (
        f"<div><p>{BODY}<script>var a = '<p>坏</p>'</script>{BODY}</p><style>p{{color:red}}</style><p>{BODY}</p>"
        f"<noscript>坏</noscript><p style='display:none'>坏{BODY}</p><template>坏</template><p onclick='坏()'>{BODY}</p></div>"
    )
    assert taken(read_html, page.encode(), "a.html").text == f"{BODY}{BODY}\n{BODY}\n{BODY}"


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("", "no HTML"),
        ("河湾市今年修路。", "no HTML"),
        ("<html><body><div id=app></div><script src=app.js></script></body></html>", "main text cannot be found"),
        ("<div>" * 1000 + BODY, "200 levels"),
        (f"<p>{BODY}</p>" * 31_000, "30000 elements"),
        ("\0" * 100, "NUL"),
    ],
    ids=["empty", "plain", "script", "deep", "many", "binary"],
)
def test_pages_that_cannot_be_read(page: str, why: str) -> None:
    assert why in refused(read_html, page.encode())


@pytest.mark.parametrize(
    "page",
    [
        "<table><tr><td>" * 60 + f"<p>{BODY}</p>",
        f"<p>{BODY}{' ' * 500_000}\n</p>",
        "<title>" + " - a" * 200_000 + f"</title><p>{BODY}</p>",
        f"<p>{BODY}</p>" + "<span>河湾</span>" * 20_000,
        "<meta " * 50_000 + f"><p>{BODY}</p>",
    ],
    ids=["tables", "spaces", "title", "spans", "meta"],
)
def test_html_takes_time_in_proportion(page: str) -> None:
    began = time.process_time()
    assert list(read_html(page.encode(), PurePath("a.html"), "a.html"))
    assert time.process_time() - began < 4


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_in_a_page(text: str) -> None:
    list(read_html(f"<div><p>{BODY}</p>{text}<p>{BODY}</p></div>".encode("utf-8", "surrogatepass"), PurePath("a"), "a"))


# Word

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"


def docx(body: str, *, core: str = "", parts: dict[str, str] | None = None, w: str = W) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{RELS}"><Relationship Id="1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
            "</Relationships>",
        )
        kinds = "".join(
            f'<Relationship Id="{name}" Type="{OFFICE}/{name}" Target="{name}.xml"/>' for name in (parts or {})
        )
        archive.writestr("word/_rels/document.xml.rels", f'<Relationships xmlns="{RELS}">{kinds}</Relationships>')
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{w}"><w:body>{body}</w:body></w:document>')
        for name, content in (parts or {}).items():
            archive.writestr(f"word/{name}.xml", f'<w:{name} xmlns:w="{w}">{content}</w:{name}>')
        archive.writestr(
            "docProps/core.xml",
            '<c:coreProperties xmlns:c="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/">{core}</c:coreProperties>',
        )
    return made.getvalue()


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*runs: str) -> str:
    return f"<w:p>{''.join(run(each) if not each.startswith('<') else each for each in runs)}</w:p>"


def row(*cells: str) -> str:
    return f"<w:tr>{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"


@pytest.mark.parametrize("w", [W, "http://purl.oclc.org/ooxml/wordprocessingml/main"], ids=["usual", "strict"])
def test_word_document(w: str) -> None:
    body = (
        p("河湾市", "修路")
        + p(
            "今年",
            f"<w:ins>{run('将')}</w:ins><w:del><w:r><w:delText>不</w:delText></w:r></w:del>",
            "修。",
            "<w:r><w:footnoteReference w:id='2'/></w:r>",
        )
        + f"<w:p><w:hyperlink>{run('Riverbend')}</w:hyperlink><w:r><w:tab/><w:t>{UNUSUAL}</w:t><w:br/><w:t>b</w:t></w:r></w:p>"
        + f"<w:tbl>{row(p('乡镇'), p('公里'))}{row(p('青石') + p('坳'), p('12'))}{row(p('a') + p('b'))}</w:tbl>"
        + "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
        + f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run('Joined')}</w:p>{p(' up.')}"
        + f"<w:sdt><w:sdtContent>{p('In a field.')}</w:sdtContent></w:sdt>"
    )
    notes = f"<w:footnote w:id='-1'>{p('no')}</w:footnote><w:footnote w:id='2'>{p('A note.')}</w:footnote>"
    core = "<dc:title>修路</dc:title><dc:creator>林岚</dc:creator>"
    found = taken(
        read_docx, docx(body, core=core, parts={"footnotes": notes, "header": p("页眉")}, w=w), "roads.zh.docx"
    )
    assert found.text.split("\n") == [
        "河湾市修路", "今年将修。", f"Riverbend {UNUSUAL}", "b", "乡镇\t公里", "青石 坳\t12", "a", "b", "Joined up.",
        "In a field.", "A note.",
    ]  # fmt: skip
    assert (found.id, found.pair, found.lang) == ("roads.zh", "roads", "zh")
    assert found.meta == {"title": "修路", "author": "林岚"}


def test_a_header_is_read_where_there_is_no_other_text() -> None:
    assert taken(read_docx, docx(p(""), parts={"header": p("Only here.")}), "a.docx").text == "Only here."


def test_word_documents_that_cannot_be_read() -> None:
    good = docx(p("x"))
    assert "not a complete .docx" in refused(read_docx, b"")
    assert "not a complete .docx" in refused(read_docx, good[:-30])
    assert "OCR" in refused(read_docx, docx(p("")))
    assert "old Word file" in refused(read_docx, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
    assert "password" in refused(
        read_docx, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    )
    assert "no well-formed XML" in refused(read_docx, docx("<w:p>"))
    assert "no well-formed XML" in refused(read_docx, docx("<w:p>" * 5000 + "</w:p>" * 5000))
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    assert "no Word document" in refused(read_docx, empty.getvalue())


def test_word_bombs() -> None:
    def with_document(xml: bytes) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/document.xml", xml)
        return made.getvalue()

    assert "32 MiB" in refused(read_docx, with_document(b" " * (33 << 20)))
    entities = b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
    bomb = entities + b'<w:document xmlns:w="%s"><w:body><w:p>&a;&b;</w:p></w:body></w:document>' % W.encode()
    assert "document type" in refused(read_docx, with_document(bomb))


# PDF, made by hand: text in Helvetica and, not embedded, in the Adobe-GB1 font of Chinese PDFs.


def pdf(pages: list[list[tuple[float, float, float, str]]], *, info: str = "") -> bytes:
    """A PDF of lines (x, y, size, text), pages 600 wide; a line is Chinese where it is not ASCII."""
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{' '.join(f'{8 + 2 * n} 0 R' for n in range(len(pages)))}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Courier>>",
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[5 0 R]>>",
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/FontDescriptor 6 0 R/DW 1000"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>>>",
        "<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/Ascent 752/Descent -271/CapHeight 737/StemV 58"
        "/ItalicAngle 0/FontBBox[-25 -254 1000 880]>>",
        f"<<{info}>>",
    ]
    for number, lines in enumerate(pages):
        shown = "".join(
            f"BT /{'E' if text.isascii() else 'Z'} {size} Tf {x} {y} Td {_string(text)} Tj ET\n"
            for x, y, size, text in lines
        )
        objects += [
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</E 3 0 R/Z 4 0 R>>>>"
            f"/Contents {9 + 2 * number} 0 R>>",
            f"<</Length {len(shown)}>>stream\n{shown}endstream",
        ]
    made, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj{content}endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"trailer<</Size {len(objects) + 1}/Root 1 0 R/Info 7 0 R>>\nstartxref\n{len(made)}\n%%EOF\n"
    return f"{made}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")


def _string(text: str) -> str:
    return "<" + (text.encode() if text.isascii() else text.encode("utf-16-be")).hex() + ">"


def column(
    lines: list[str], *, x: float = 60, top: float = 740, size: float = 12
) -> list[tuple[float, float, float, str]]:
    """Lines below one another; "　　" before a line indents it, an empty one leaves a gap."""
    return [
        (x + 2 * size * line.startswith("　　"), top - 18 * at, size, line.removeprefix("　　"))
        for at, line in enumerate(lines)
        if line
    ]


def test_chinese_lines_of_a_pdf_are_joined() -> None:
    first = [
        "　　河湾市住房和城乡建设局昨日发布通知，今年将新建保障",
        "性租赁住房三千八百套，优先供应新市民和青年人，租期一般不",
        "超过五年。",
    ]
    second = ["　　通知明确，租金不得高于同地段市场租金，并由财政部门安", "排专项资金两亿元。"]
    page = [(180.0, 770.0, 18.0, "河湾市新建保障房"), *column([*first, *second])]
    found = taken(read_pdf, pdf([page], info="/Title<feff4fee8def>/Author(anonymous)"), "roads.pdf")
    assert found.text.split("\n") == [
        "河湾市新建保障房", "".join(first).removeprefix("　　"), "".join(second).removeprefix("　　"),
    ]  # fmt: skip
    assert found.meta == {"title": "修路"}


def test_english_lines_of_a_pdf_are_joined() -> None:
    lines = [
        "Where the homes will come from",
        "",
        "The county council of Riverbend said on Tuesday that the govern-",
        "ment would build homes. It was a well-known plan, and the other",
        "party said that it had known the plan for years. It was a well-",
        "known secret that eighty-",
        "",
        "The government agrees.",
    ]
    found = taken(read_pdf, pdf([column(lines, size=11)]), "a.pdf")
    assert found.text.split("\n") == [
        "Where the homes will come from",
        "The county council of Riverbend said on Tuesday that the government would build homes. It was a well-known plan, and "
        "the other party said that it had known the plan for years. It was a well-known secret that eighty-",
        "The government agrees.",
    ]


def test_headers_and_page_numbers_of_a_pdf_are_left_out() -> None:
    text = "The county council of Riverbend builds {} roads this year, and"
    pages = [
        [(60.0, 780.0, 9.0, "Riverbend Gazette"), *column([text.format(90 + n)]), (300.0, 30.0, 9.0, f"- {n} -")]
        for n in range(1, 5)
    ]
    found = taken(read_pdf, pdf(pages), "a.pdf")
    assert found.text == " ".join(text.format(90 + n) for n in range(1, 5))


def test_a_paragraph_goes_on_in_the_next_column() -> None:
    left = column(["The council said that it would build", "roads in all villages of the county,"], size=9, x=40)
    right = column(["most of them next year, if there is", "money."], size=9, x=320)
    assert taken(read_pdf, pdf([left + right]), "a.pdf").text == (
        "The council said that it would build roads in all villages of the county, most of them next year, if there is money."
    )


def test_pdfs_that_cannot_be_read() -> None:
    assert "OCR" in refused(read_pdf, pdf([[]]))
    assert "broken" in refused(read_pdf, b"%PDF-1.4\nnothing")
    assert "broken" in refused(read_pdf, b"")
    good = pdf([column(["x"])])
    encrypted = good.replace(
        b"/Root",
        b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<" + b"00" * 32 + b">/U<" + b"11" * 32 + b">>>/ID[<00><00>]/Root",
    )
    assert "password" in refused(read_pdf, encrypted)
    assert "2001 pages" in refused(read_pdf, pdf([[]] * 2001))


def test_pages_that_all_say_the_same_keep_it() -> None:
    pages = [[Line("The same.", 60, 200, 700, 712)]] * 3
    assert without_running(pages) == pages


@given(st.lists(st.lists(st.text(min_size=1, max_size=20), max_size=6), max_size=4))
def test_nothing_of_the_lines_is_lost_when_they_are_joined(pages: list[list[str]]) -> None:
    lines = [[Line(text, 60, 500, 700 - 14 * at, 712 - 14 * at) for at, text in enumerate(page)] for page in pages]
    before = "".join(text for page in pages for text in page)
    after = "".join(paragraphs(lines))
    drop = str.maketrans("", "", " -\u2010\u00ad")
    assert after.translate(drop) == before.translate(drop)


def test_joining_takes_time_in_proportion() -> None:
    began = time.process_time()
    rows = [Line("x", at % 500, at % 500 + 5, at * 7 % 800, at * 7 % 800 + 10) for at in range(20_000)]
    long = [Line("a-b-" * 10_000 + "-", 72, 500, 700 - 12 * at, 710 - 12 * at) for at in range(20)]
    assert list(paragraphs(without_running([rows, long])))
    assert time.process_time() - began < 8
