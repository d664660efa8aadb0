"""A domain of one's own: the certificate and the zone that AWS already has for it, and the move from one to another.

Two domains may lead to an exchange. So a new one is there before anything is told of it, and the former one stays until
no number and no call carries it any more.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping

import httpx

from command.checks.door import ring
from command.exchange import Exchange
from command.refusals import Refused

NAMES = ("DomainName", "CertificateArn", "HostedZoneId")
PLACES = ("", "Other")  # before these names, for the first domain and the second
AT_AWS = "AWS"
PARAMETERS = (*(place + name for place in PLACES for name in NAMES), "PublicAddress")

WAITED_SECONDS, LOOKS_EVERY_SECONDS = 300, 5  # for a record that Route 53 has just taken: usually a minute


def parameters(exchange: Exchange, domain: str) -> dict[str, str]:
    """What template.yaml wants to know of a domain, by NAMES. Raises Refused if there is no certificate for it."""
    return dict(zip(NAMES, (domain, certificate(exchange, domain), zone(exchange, domain)), strict=True))


def public(known: Mapping[str, str]) -> str:
    """The domain that Twilio is told; blank for the address that AWS gives."""
    told = known.get("PublicAddress", "DomainName")
    return "" if told == AT_AWS else known.get(told, "")


def formers(known: Mapping[str, str]) -> list[str]:
    """The domains that lead here, and are told to nobody any more, or to nobody yet."""
    there = [known.get(f"{place}DomainName", "") for place in PLACES]
    return [domain for domain in there if domain and domain != public(known)]


def lead_to(exchange: Exchange, wanted: str) -> dict[str, str]:
    """The parameters of a stage when a domain leads to it; blank: none has to.

    A first domain counts at once. Where the exchange stands, another one leads to it first, and is told to others then.
    Raises Refused where there is no certificate for it, or two others are there already.
    """
    known = exchange.stage.parameters
    if not exchange.stands:
        others = {name: value for name, value in known.items() if name not in PARAMETERS}
        return others | (parameters(exchange, wanted) if wanted else {})
    return placed(known, parameters(exchange, wanted)) if wanted else known


def placed(known: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """These parameters with a domain that leads here from now on, and is told to nobody who is not told it already.

    Raises Refused where two others are there.
    """
    there = {place: known.get(f"{place}DomainName", "") for place in PLACES}
    free = [place for place, domain in there.items() if domain in ("", found["DomainName"])]
    same = [place for place in free if there[place]]
    if not free:
        raise Refused(
            f"Two domains lead here already, {' and '.join(there.values())}: `toritsugi deploy --drop-former-domain` "
            "takes away the one that nobody is told any more."
        )
    place = (same or free)[0]
    public_address = known.get("PublicAddress") or ("DomainName" if there[""] else AT_AWS)
    return {**known, **{place + name: value for name, value in found.items()}, "PublicAddress": public_address}


def told(known: Mapping[str, str], domain: str) -> dict[str, str]:
    """These parameters when Twilio is told this domain, which leads here; blank: the address that AWS gives."""
    place = next((place for place in PLACES if domain and known.get(f"{place}DomainName") == domain), None)
    return {**known, "PublicAddress": AT_AWS if place is None else f"{place}DomainName"}


def dropped(known: Mapping[str, str]) -> dict[str, str]:
    """These parameters without the domains that nobody is told. What a stack had is taken back by name."""
    gone = {place for place in PLACES if known.get(f"{place}DomainName", "") in formers(known)}
    return {**known, **{place + name: "" for place in gone for name in NAMES}}


def target(exchange: Exchange, domain: str) -> str:
    """Where the record of a domain that leads here must point."""
    return str(
        exchange.aws("apigatewayv2").get_domain_name(DomainName=domain)["DomainNameConfigurations"][0][
            "ApiGatewayDomainName"
        ]
    )


def seconds_of_calls(exchange: Exchange) -> float:
    """How long there may still be calls that began at the address before this one."""
    exchange.enter()
    from toritsugi.foundation import config, durations

    return config.KEPT_SECONDS + durations.MAX_CALL_SECONDS - exchange.known_for("public-base-url")


def leads_here(exchange: Exchange, domain: str, patience: float = WAITED_SECONDS) -> bool:
    """Whether the exchange itself answers at a domain, for which it is waited so many seconds.

    A call that is signed for that domain is answered, and so the functions know it as an address of theirs.
    """
    until = time.monotonic() + patience
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if all(
                ring(exchange, secret, key_id, f"https://{domain}").status_code == 200
                for _, key_id, secret in exchange.signers
            ):
                return True
        if time.monotonic() >= until:
            return False
        time.sleep(LOOKS_EVERY_SECONDS)


def certificate(exchange: Exchange, domain: str) -> str:
    """The ARN of an issued certificate for the domain, or for all its neighbours."""
    wanted = {domain, f"*.{domain.partition('.')[2]}"}
    pages = exchange.aws("acm").get_paginator("list_certificates").paginate(CertificateStatuses=["ISSUED"])
    for page in pages:
        for found in page["CertificateSummaryList"]:
            if wanted & {found["DomainName"], *found.get("SubjectAlternativeNameSummaries", [])}:
                return str(found["CertificateArn"])
    raise Refused(
        f"There is no issued certificate for {domain} in {exchange.stage.region}: request one (free) in AWS "
        "Certificate Manager, wait until it is issued, and deploy again."
    )


def zone(exchange: Exchange, domain: str) -> str:
    """The id of the public Route 53 zone that the domain belongs to; blank where its DNS is kept elsewhere."""
    pages = exchange.aws("route53").get_paginator("list_hosted_zones").paginate()
    zones = [zone for page in pages for zone in page["HostedZones"] if not zone["Config"].get("PrivateZone")]
    fitting = [zone for zone in zones if f".{domain}.".endswith(f".{zone['Name']}")]
    longest = max(fitting, key=lambda zone: len(zone["Name"]), default=None)
    return str(longest["Id"]).rsplit("/", 1)[-1] if longest else ""
