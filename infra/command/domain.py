"""A domain of one's own: the certificate and the zone that AWS already has for it."""

from __future__ import annotations

from command.exchange import Exchange
from command.refusals import Refused


def parameters(exchange: Exchange, domain: str) -> dict[str, str]:
    """What template.yaml wants to know of a domain. Raises Refused if there is no certificate for it."""
    return {
        "DomainName": domain,
        "CertificateArn": certificate(exchange, domain),
        "HostedZoneId": zone(exchange, domain),
    }


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
