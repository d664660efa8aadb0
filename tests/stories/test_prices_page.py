"""The page of prices in a real browser: somebody who pays for telephones sets a month, and reads why it costs that."""

import base64
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.requests import Request
from starlette.responses import Response

import prices
from tests.stories.pages import PATIENCE_MS, needs_chromium, served
from tests.unit.money.golden import CASES
from tests.unit.money.node import BY_THE_PAGE, golden_question

pytestmark = needs_chromium

AXE = Path(__file__).with_name("vendor") / "axe.js"
KDDI = "#card=kddi-2021&numbers=0&calls=10&seconds=61&mobiles=100&texts=0"


async def hand_out(request: Request) -> Response:
    """The function of the page, without API Gateway before it."""
    answer = prices.handler({"rawPath": request.url.path, "headers": dict(request.headers)}, None)
    return Response(base64.b64decode(answer.get("body", "")), answer["statusCode"], answer["headers"])


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served({"/prices": hand_out, "/prices/{file:path}": hand_out}) as origin:
        yield f"{origin}/prices"


@pytest.fixture
def width() -> int:
    return 1440


@pytest.fixture
def language() -> str:
    return "en-US"


@pytest.fixture
def page(browser: Browser, address: str, width: int, language: str) -> Iterator[Page]:
    """The page as somebody sees it who opens it. Nothing may go wrong in it unseen, and it asks nobody else."""
    granted = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        locale=language,
        permissions=granted,
        reduced_motion="reduce",  # a colour that is on its way to another is none of the page's
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type in ("error", "warning") else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else troubles.append(asked.url),
    )
    page.goto(address)
    expect(
        page.get_by_role("slider", name="Calls a month").or_(page.get_by_role("slider", name="一か月の通話"))
    ).to_be_visible()
    yield page
    context.close()
    assert not troubles, troubles


def opens(page: Page, fragment: str) -> None:
    """Somebody follows a link that carries a scenario."""
    page.goto(page.url.partition("#")[0] + fragment)


def costs(page: Page, way: str, amount: str) -> None:
    expect(page.locator(".way").filter(has_text=way).locator(".total")).to_contain_text(amount)


def test_what_the_page_reckons_in_this_browser_is_what_it_costs_by_hand(page, address):
    said = page.evaluate(BY_THE_PAGE, golden_question(f"{address}/{prices.PAGE_VERSION}"))
    assert [(one["name"], float(told["total"])) for one, told in zip(CASES, said, strict=True)] == [
        (one["name"], pytest.approx(float(one["total"]), abs=1e-9)) for one in CASES
    ]


def test_a_month_of_old_is_what_it_was(page):
    opens(page, KDDI)
    costs(page, "Masked call", "¥344")
    costs(page, "Both are called", "¥648")
    expect(page.get_by_text("Since 2023-05-01 nobody gets these rates any more.")).to_be_visible()


@pytest.mark.glance
def test_somebody_moves_a_slider_by_keys_and_types_beside_it(page):
    opens(page, KDDI)
    page.get_by_role("slider", name="Calls a month").focus()
    page.keyboard.press("ArrowRight")
    costs(page, "Masked call", "¥378.4")
    page.get_by_role("spinbutton", name="Calls a month").fill("100")
    costs(page, "Masked call", "¥3,440")
    expect(page.get_by_role("slider", name="Calls a month")).to_have_value("100")
    expect(page).to_have_url(re.compile("calls=100"))


def test_a_part_of_a_bar_is_read_by_keys(page):
    opens(page, KDDI)
    page.get_by_role("button", name="Masked call, Calls to mobiles: ¥324, 94 %").focus()
    lines = page.get_by_role("region", name="Lines")
    expect(lines.get_by_role("row", name=re.compile("Japan, mobile.*20 min.*¥16.2.*¥324"))).to_be_visible()
    expect(lines).not_to_contain_text("Japan, 050")
    page.get_by_role("button", name="Masked call: all lines").click()
    expect(lines).to_contain_text("Japan, 050")


def test_the_stairs_are_read_second_by_second_with_the_arrow_keys(page):
    opens(page, KDDI)
    stairs = page.get_by_role("slider", name=re.compile("^Price of one call"))
    expect(stairs).to_have_attribute("aria-valuetext", re.compile("^61 s: Masked call ¥34.4 · Both are called ¥64.8"))
    stairs.focus()
    page.keyboard.press("ArrowLeft")
    expect(stairs).to_have_attribute("aria-valuetext", re.compile("^60 s: Masked call ¥17.2 "))


def test_a_rate_of_ones_own_is_marked_and_goes_with_the_link(page):
    opens(page, KDDI)
    page.get_by_role("textbox", name="Your own rate for Japan, mobile (outgoing-call)").fill("10")
    costs(page, "Masked call", "¥220")
    expect(page.get_by_role("region", name="Lines").get_by_text("your own rate")).to_be_visible()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("The link is on the clipboard")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    page.goto("about:blank")
    page.goto(link)
    costs(page, "Masked call", "¥220")
    page.get_by_role("button", name="Back to the card's rate for Japan, mobile (outgoing-call)").click()
    costs(page, "Masked call", "¥344")


def test_dollars_are_shown_in_yen_by_a_rate_that_somebody_gives_with_its_day(page):
    opens(page, "#card=twilio-jp-2026-11&numbers=0&calls=10&seconds=61&mobiles=100&texts=0&tax=0")
    costs(page, "Both are called", "$7.40")
    page.get_by_role("combobox", name="Shown in").select_option("JPY")
    expect(page.get_by_text("Say what 1 USD is in JPY, and of which day.")).to_be_visible()
    costs(page, "Both are called", "$7.40")
    page.get_by_label("1 USD is").fill("150")
    costs(page, "Both are called", "¥1,110")
    expect(page.locator("#asOf")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\d$"))


def test_the_sheet_has_the_lines(page):
    opens(page, KDDI)
    costs(page, "Masked call", "¥344")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    masked = [(row["name"], row["quantity"], row["amount"]) for row in rows if row["way"] == "masked-call"]
    assert masked == [("Japan, 050", "20", "20"), ("Japan, mobile", "20", "324")]


def test_a_link_in_which_somebody_has_written_a_script_runs_nothing(page):
    opens(page, "#card=<img src=x onerror=alert(1)>&own.<b>=1&calls=<script>alert(1)</script>&asOf=javascript:alert(1)")
    page.reload()
    expect(page.get_by_role("spinbutton", name="Calls a month")).to_have_value("300")
    assert page.locator("main img, main b:text('alert'), main script").count() == 0


@pytest.mark.parametrize("language", ["ja-JP"])
def test_it_speaks_japanese_to_whom_the_browser_says_so(page):
    opens(page, KDDI)
    costs(page, "番号を隠した通話", "￥344")
    expect(page).to_have_title("Toritsugi · 料金シミュレーター")
    page.get_by_role("button", name="en", exact=True).click()
    costs(page, "Masked call", "¥344")
    paths = """async () => {
      const at = performance.getEntriesByType("resource").find((one) => one.name.endsWith("/words.js")).name;
      const { languages } = await import(at);
      const paths = (part, at) => typeof part !== "object" ? [at] :
        Object.entries(part).flatMap(([name, one]) => paths(one, `${at}/${name}`));
      return Object.values(languages).map((words) => paths({ ...words, names: "" }, "").sort());
    }"""
    japanese, english = page.evaluate(paths)
    assert japanese == english


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["en-US", "ja-JP"])
def test_everybody_can_use_it_wide_and_narrow_light_and_dark(page, width):
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(
            "axe.run().then((said) => said.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]))"
        )
        assert found == []


def test_make_run_leads_to_it(box):
    front = httpx.get(f"{box.exchange}/", trust_env=False, verify=False, timeout=300)
    answer = httpx.get(f"{box.exchange}/prices", trust_env=False, verify=False, timeout=300)
    assert 'href="/prices"' in front.text
    assert (answer.status_code, 'id="cards"' in answer.text) == (200, True)
