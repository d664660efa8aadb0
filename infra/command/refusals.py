"""What is not done, in one sentence: ours, and whatever AWS and Twilio say, translated for whoever types."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
from botocore import exceptions as aws
from requests import exceptions as web
from twilio.base.exceptions import TwilioException, TwilioRestException


class Refused(Exception):
    """A command that is not carried out: what is wrong, and what to do."""


SIGN_IN = "run `aws configure` or `aws sso login`, or name a profile: AWS_PROFILE=..."

# https://docs.aws.amazon.com/general/latest/gr/api-error-codes.html and each service's own names for the same
AWS_CODES = {
    ("ExpiredToken", "ExpiredTokenException", "RequestExpired"): f"Your AWS credentials have expired: {SIGN_IN}.",
    (
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "AuthFailure",
        "InvalidSignatureException",
    ): f"AWS does not know your credentials: {SIGN_IN}.",
    ("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"): (
        "AWS asks for patience, for there were too many requests: try again in a minute."
    ),
}
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")

AWS_TROUBLES: dict[type[Exception] | tuple[type[Exception], ...], str] = {
    (aws.NoCredentialsError, aws.PartialCredentialsError): f"There are no AWS credentials: {SIGN_IN}.",
    (aws.UnauthorizedSSOTokenError, aws.SSOTokenLoadError, aws.TokenRetrievalError): (
        "Your sign-in at AWS has expired: run `aws sso login`."
    ),
    aws.ProfileNotFound: "There is no AWS profile of that name: look into ~/.aws/config, or change AWS_PROFILE.",
    (aws.NoRegionError, aws.InvalidRegionError): "Name a region of AWS: --region ap-northeast-1.",
    (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ReadTimeoutError, aws.ConnectionClosedError): (
        "AWS cannot be reached: check the network, and whether the region exists."
    ),
}


def explain(error: BaseException) -> str | None:
    """One sentence about what went wrong and what to do; None for what nobody foresaw."""
    about: list[Callable[[BaseException], str | None]] = [of_ours, of_aws, of_twilio]
    return next((sentence for tell in about if (sentence := tell(error))), None)


def of_ours(error: BaseException) -> str | None:
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, subprocess.CalledProcessError):
        return f"`{error.cmd[0].rsplit('/')[-1]} {error.cmd[1]}` has failed; what it wrote above says why."
    kinds = [kind.__name__ for kind in type(error).__mro__]  # whose module a command imports only where it needs it
    return getattr(error, "message", None) if "RequestRefused" in kinds else None


def of_aws(error: BaseException) -> str | None:
    if isinstance(error.__cause__, aws.ClientError):  # PynamoDB wraps what botocore says
        error = error.__cause__
    if isinstance(error, aws.ClientError):
        code, said = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        if code in DENIED:
            return f"AWS does not allow you to do this ({error.operation_name}): {said}"
        known = next((sentence for codes, sentence in AWS_CODES.items() if code in codes), None)
        return known or f"AWS refuses {error.operation_name}: {said or code}"
    return next((sentence for kinds, sentence in AWS_TROUBLES.items() if isinstance(error, kinds)), None)


def of_twilio(error: BaseException) -> str | None:
    if isinstance(error, TwilioRestException):
        if error.status == 401:
            return (
                "Twilio does not accept this auth token or key for this account SID: "
                "see Account > API keys & tokens at https://console.twilio.com."
            )
        if error.status == 429:
            return "Twilio asks for patience, for there were too many requests: try again in a minute."
        who = "The exchange" if "/Services" in error.uri else "Twilio"
        return f"{who} refuses: {error.msg} ({error.code})"
    if isinstance(error, web.RequestException | TwilioException):
        return f"{host(error) or 'Twilio'} cannot be reached: check the network and try again."
    if isinstance(error, httpx.TransportError):
        return f"{error.request.url.host} cannot be reached: check the network and try again."
    return None


def host(error: Exception) -> str:
    """Whom a request was for, if the error knows."""
    request = getattr(error, "request", None)
    return urlsplit(request.url).netloc if request is not None else ""
