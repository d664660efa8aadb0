"""Takes the README's pictures of the page: `make run` in one window, `.venv/bin/python docs/pictures.py` in another."""

import os
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

NETWORK = f"http://127.0.0.1:{os.environ.get('NETWORK_PORT', '8001')}"
FOLDER = Path(__file__).parent


def talk(http: httpx.Client) -> None:
    """Aiko calls Ben, and they have something to tell each other."""
    aiko, ben = http.get("/phones").json()["phones"][:2]

    def does(phone: dict, what: str, **body: str) -> None:
        http.post(f"/phones/{phone['number']}/{what}", json=body).raise_for_status()

    does(aiko, "dial", to=aiko["suggests"][0]["number"])
    http.post("/clock", json={"advance": 4})
    does(ben, "answer")
    does(aiko, "speak", text="Good morning! Your parcel is at the door.")
    http.post("/clock", json={"advance": 3})
    does(ben, "speak", text="Thank you. Please ring twice.")
    http.post("/clock", json={"advance": 4})
    does(aiko, "speak", text="With pleasure.")


def main() -> None:
    with httpx.Client(base_url=NETWORK, trust_env=False, timeout=30) as http, sync_playwright() as playwright:
        talk(http)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for width, height in ((1440, 900), (390, 844)):
            page = browser.new_page(viewport={"width": width, "height": height}, locale="en-US", device_scale_factor=2)
            page.goto(NETWORK)
            page.get_by_text("With pleasure.").first.wait_for()
            if width > 1000:
                page.locator(".hook summary, .hook button").first.click()
            page.wait_for_timeout(1500)
            page.screenshot(path=FOLDER / f"page-{width}.png")
        browser.close()


if __name__ == "__main__":
    main()
