"""The pages of `make run`: what is said on telephones and written in texts runs nothing in them."""

import httpx
import pytest

from tests.attacks.test_what_a_browser_sees import policy_of


@pytest.mark.parametrize("path", ["/", "/app.js", "/style.css"])
def test_the_page_of_the_telephones_runs_its_own_files_alone(box, path):
    answer = httpx.get(f"{box.network}{path}", trust_env=False, verify=False, timeout=300)
    policy = policy_of(answer.headers)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert (policy["default-src"], policy["script-src"], policy["frame-ancestors"]) == (
        ["'none'"],
        ["'self'"],
        ["'none'"],
    )


def test_the_first_page_of_make_run_runs_nothing(box):
    answer = httpx.get(f"{box.exchange}/", trust_env=False, verify=False, timeout=300)
    policy = policy_of(answer.headers)
    assert (policy["default-src"], policy["frame-ancestors"]) == (["'none'"], ["'none'"])
    assert ("script-src" in policy, "<script" in answer.text) == (False, False)
