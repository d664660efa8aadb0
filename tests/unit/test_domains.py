"""An exchange moves from one domain to another: where both lead to it, and which of them others are told."""

import pytest

from command import domain, template
from command.refusals import Refused

AT_AWS = {"TwilioAccountSid": "AC1"}


def found(name):
    return {"DomainName": name, "CertificateArn": f"arn:{name}", "HostedZoneId": ""}


def moved(known, name):
    """What is deployed first, when the domain leads here, and then, when it is told."""
    before = domain.placed(known, found(name))
    return before, domain.told(before, name)


def test_from_the_address_that_aws_gives_to_a_domain():
    before, after = moved(AT_AWS, "a.example.com")
    assert (domain.public(before), domain.formers(before)) == ("", ["a.example.com"])
    assert (domain.public(after), domain.formers(after)) == ("a.example.com", [])


def test_from_one_domain_to_the_next_and_on_and_on():
    _, known = moved(AT_AWS, "a.example.com")
    for former, name in [("a", "b"), ("b", "c"), ("c", "d")]:
        before, after = moved(known, f"{name}.example.com")
        assert (domain.public(before), domain.formers(before)) == (f"{former}.example.com", [f"{name}.example.com"])
        assert (domain.public(after), domain.formers(after)) == (f"{name}.example.com", [f"{former}.example.com"])
        known = domain.dropped(after)
        assert (domain.public(known), domain.formers(known)) == (f"{name}.example.com", [])


def test_the_resource_of_a_domain_stays_where_it_is_for_two_may_not_have_the_same_name():
    _, first = moved(AT_AWS, "a.example.com")
    before, after = moved(first, "b.example.com")
    assert before["DomainName"] == after["DomainName"] == "a.example.com"
    assert before["OtherDomainName"] == after["OtherDomainName"] == "b.example.com"


def test_there_and_back_again():
    _, first = moved(AT_AWS, "a.example.com")
    _, second = moved(first, "b.example.com")
    before, after = moved(second, "a.example.com")
    assert before == second
    assert (domain.public(after), domain.formers(after)) == ("a.example.com", ["b.example.com"])
    home = domain.told(after, "")
    assert (domain.public(home), domain.formers(home)) == ("", ["a.example.com", "b.example.com"])


def test_a_third_domain_waits_until_one_has_gone():
    _, known = moved(moved(AT_AWS, "a.example.com")[1], "b.example.com")
    with pytest.raises(Refused, match=r"Two domains lead here already, a\.example\.com and b\.example\.com"):
        domain.placed(known, found("c.example.com"))


def test_one_that_was_deployed_before_there_were_two_goes_on_as_it_was():
    known = {"DomainName": "a.example.com", "CertificateArn": "arn:a", "HostedZoneId": "Z1"}
    assert (domain.public(known), domain.formers(known)) == ("a.example.com", [])


# ---- parameters in general -------------------------------------------------------------------------------------------


def test_a_parameter_that_there_is_not_is_refused_and_its_neighbour_named():
    with pytest.raises(Refused, match="no parameter CallsAday: do you mean CallsADay"):
        template.check("CallsAday")


def test_what_is_taken_back_is_as_the_template_has_it():
    assert (template.usual("Destinations"), template.usual("CallsADay")) == ("", "10000")
    with pytest.raises(Refused, match="needs TwilioAccountSid"):
        template.usual("TwilioAccountSid")
