"""The page of the REST API in a real browser: it asks for a key, and then shows all there is and tries it out."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN
from tests.stories.pages import needs_chromium

pytestmark = needs_chromium


@pytest.fixture
def troubles() -> list[str]:
    return []


expect.set_options(timeout=30_000)  # the page is large, and this machine may be busy


def opened(browser: Browser, troubles: list[str], **known) -> Page:
    page = browser.new_context(**known).new_page()
    page.set_default_timeout(90_000)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    return page


@pytest.mark.glance
def test_whoever_has_a_key_browses_the_api_and_tries_it_out(box, browser, troubles):
    credentials = {"username": ACCOUNT_SID, "password": AUTH_TOKEN}
    page = opened(browser, troubles, http_credentials=credentials)
    answer = page.goto(f"{box.exchange}/api/docs")
    assert answer.status == 200
    operation = page.locator(".opblock-get").filter(has=page.locator('[data-path="/api/calls"]')).first
    operation.locator(".opblock-summary-control").click()
    expect(operation).to_contain_text(re.compile("Needs a key with the scope .*:read"))
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("200")
    assert [trouble for trouble in troubles if "favicon" not in trouble and "404" not in trouble] == []


@pytest.mark.parametrize("path", ["/api/docs", "/api/proxy/docs"])
def test_the_link_under_the_title_leads_to_the_document(box, browser, troubles, path):
    page = opened(browser, troubles, http_credentials={"username": ACCOUNT_SID, "password": AUTH_TOKEN})
    page.goto(box.exchange + path)
    link = page.locator(".info a.link").first
    expect(link).to_be_visible()
    answer = page.request.get(f"{box.exchange}{link.get_attribute('href')}")
    assert (answer.status, answer.json()["openapi"][:2]) == (200, "3.")


def test_whoever_has_a_key_writes_a_reception_on_the_page(box, browser, desk, troubles):
    page = opened(browser, troubles, http_credentials={"username": ACCOUNT_SID, "password": AUTH_TOKEN})
    page.goto(f"{box.exchange}/api/docs")
    operation = page.locator("#operations-receptions-put_reception")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator('tr[data-param-name="name"] input').fill("desk")
    expect(operation.locator(".opblock-section-request-body select.content-type")).to_have_value("application/yaml")
    text = operation.locator("textarea.body-param__text")
    expect(text).to_have_value(re.compile("^steps:"))  # the example, which is one
    text.fill("steps:\n  hello:\n    say: おはようございます\n")
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("201")
    kept = desk.asks("GET", "/api/receptions/desk")["document"]
    assert kept["steps"]["hello"]["say"] == "おはようございます"
    assert [trouble for trouble in troubles if "favicon" not in trouble and "404" not in trouble] == []


def test_nothing_that_is_put_into_the_page_later_runs(box, browser, troubles):
    page = opened(browser, troubles, http_credentials={"username": ACCOUNT_SID, "password": AUTH_TOKEN})
    page.goto(f"{box.exchange}/api/docs")
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.owned = true";
          document.body.append(script);
        }"""
    )
    assert page.evaluate("window.owned") is None
    assert any("Content Security Policy" in trouble for trouble in troubles)


def test_whoever_has_a_key_makes_a_service_on_the_page_of_proxy(box, browser, troubles):
    page = opened(browser, troubles, http_credentials={"username": ACCOUNT_SID, "password": AUTH_TOKEN})
    page.goto(f"{box.exchange}/api/proxy/docs")
    operation = page.locator(".opblock-post").filter(has=page.locator('[data-path="/v1/Services"]')).first
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator('tr[data-property-name="UniqueName"] input').fill("sample-page")
    expect(operation.get_by_text("Send empty value").first).not_to_be_visible()  # for it does not
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("201")
    assert [trouble for trouble in troubles if "favicon" not in trouble and "404" not in trouble] == []
