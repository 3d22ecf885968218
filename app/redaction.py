"""Takes secrets out of text that is about to be logged. Pure.

What counts: credentials in headers, signatures and tokens in query strings and bodies, passwords in URLs. The names are
those of RFC 6750 (bearer tokens), RFC 6749 (OAuth parameters), AWS Signature Version 4 and 2, and our own.
"""

import re
from typing import Final

REDACTED: Final = "***"

# Compared without case, hyphens and underscores, so that X-Amz-Signature and secretAccessKey are one rule each.
_SECRET_NAMES: Final = frozenset(
    {
        "accesstoken",
        "admintoken",
        "authorization",
        "clientsecret",
        "cookie",
        "idtoken",
        "password",
        "proxyauthorization",
        "refreshtoken",
        "secret",
        "secretaccesskey",
        "setcookie",
        "signature",
        "token",
        "xamzsecuritytoken",
        "xamzsignature",
    }
)

_NAMES: Final = (
    r"(?:[a-z]+[-_])*(?:access[-_]?token|admin[-_]?token|id[-_]?token|refresh[-_]?token|security[-_]?token|token"
    r"|client[-_]?secret|secret[-_]?access[-_]?key|secret|password|signature)"
)
# Between a name and its value: `: `, `=`, `": "`, or `', b'` in the text of a list of header pairs.
_BETWEEN: Final = r"""((?:['"]?\s*[:=]|['"]\s*,)\s*(?:b(?=['"]))?['"]?)"""
RULES: Final = (
    # A whole header: everything after its name is the credential, whatever the scheme.
    (re.compile(rf"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie){_BETWEEN}[^'\"\r\n]+"), r"\1\2***"),
    # A credential where it stands without its header's name.
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}"), r"\1 ***"),
    # name=value of a query or form, "name": "value" of JSON, 'name': 'value' of Python.
    (re.compile(rf"(?i)\b({_NAMES}){_BETWEEN}[^\s&;,'\"}}\])]+"), r"\1\2***"),
    # scheme://user:password@host
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@'\"]+@"), r"\1***@"),
)


# No rule finds anything in a text without one of these (in lower case): most words of most lines have none.
_HINTS: Final = ("auth", "cookie", "bearer", "basic", "token", "secret", "password", "signature", "@")


def redact(text: str) -> str:
    """Replace the secrets in a text by `***`; what is around them stays, so that the line can still be read."""
    folded = text.casefold()
    if not any(hint in folded for hint in _HINTS):
        return text
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text


def is_secret_name(name: str) -> bool:
    """Whether a header, parameter or field of this name holds a secret."""
    return name.lower().replace("-", "").replace("_", "") in _SECRET_NAMES
