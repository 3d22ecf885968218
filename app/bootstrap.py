"""The first start: an administrator with an API token and an S3 key pair, written to bootstrap.json (0600).

The graph keeps the token's hash only, so the file is the one place where the secrets stand; later starts read it and
bring its addresses up to date.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from domain.accounts import MintedToken
from domain.changes import CredentialAdded, Decision, TokenAdded, UserAdded
from domain.limits import TOKEN_DAYS_MAX
from domain.stamps import Stamp
from graphstore.bolt import Transaction
from graphstore.cypher import accounts
from graphstore.installing import lock_whole
from graphstore.store import GraphStore
from graphstore.writing import apply_changes
from identity.access_keys import AccessKey, new_access_key, seal_access_key
from identity.keyring import Keyring
from identity.tokens import mint_token

_NAME: Final = "administrator"
_TOKEN_NAME: Final = "first start"  # noqa: S105  a name


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """What bootstrap.json holds, under its JSON names."""

    graphqlUrl: str  # noqa: N815  the file's name for it
    s3Endpoint: str  # noqa: N815
    adminToken: str = field(repr=False)  # noqa: N815
    accessKeyId: str  # noqa: N815
    secretAccessKey: str = field(repr=False)  # noqa: N815


async def bootstrap(
    store: GraphStore, keyring: Keyring, path: Path, urls: tuple[str, str], stamp: Stamp
) -> Bootstrap | None:
    """Make the administrator if the graph has no user yet; answers what the file holds, None if it is gone.

    `urls` are those of GraphQL and S3.

    Raises: FailedPrecondition - a restore has begun; Unavailable; OSError where the file can't be written.
    """
    token = mint_token(stamp.new_id(), keyring, os.urandom)
    access_key = new_access_key(os.urandom)
    fresh = Bootstrap(urls[0], urls[1], token.text, access_key.id, access_key.secret)
    decision = _decide(stamp, token.minted, access_key, seal_access_key(access_key, keyring))

    async def work(transaction: Transaction) -> bool:
        await lock_whole(transaction)
        if await transaction.run(accounts.user_count()):
            return False
        # Written before the commit: a file without its user is worthless, a user without his file is lost.
        write_bootstrap(path, fresh)
        await apply_changes(transaction, decision.changes)
        return True

    if await store.engine.write("first start", work):
        return fresh
    known = read_bootstrap(path)
    if known is None:
        return None
    current = Bootstrap(urls[0], urls[1], known.adminToken, known.accessKeyId, known.secretAccessKey)
    if current != known:
        write_bootstrap(path, current)
    return current


def _decide(stamp: Stamp, minted: MintedToken, access_key: AccessKey, sealed_secret: str) -> Decision[None]:
    user_id = stamp.new_id()
    expires_at = stamp.now + timedelta(days=TOKEN_DAYS_MAX)
    return Decision(
        (
            UserAdded(user_id, _NAME, None, is_administrator=True, at=stamp.now),
            TokenAdded(minted.id, user_id, _TOKEN_NAME, minted.secret_sha256, expires_at, stamp.now),
            CredentialAdded(
                access_key_id=minted.access_key_id,
                user_id=user_id,
                name=f"signs URLs of token {minted.id}",
                sealed_secret=minted.sealed_secret,
                token_id=minted.id,
                expires_at=expires_at,
                at=stamp.now,
            ),
            CredentialAdded(
                access_key_id=access_key.id,
                user_id=user_id,
                name=_TOKEN_NAME,
                sealed_secret=sealed_secret,
                token_id=None,
                expires_at=None,
                at=stamp.now,
            ),
        ),
        None,
    )


def read_bootstrap(path: Path) -> Bootstrap | None:
    """Read the file; None if it isn't there or isn't ours."""
    try:
        return Bootstrap(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_bootstrap(path: Path, content: Bootstrap) -> None:
    """Replace the file in one durable step, readable by its owner alone."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(content), file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)


def banner(content: Bootstrap | None, urls: tuple[str, str], path: Path, *, is_first: bool) -> str:
    """Say where everything is; the first time also the secrets, and three lines to paste."""
    graphql_url, s3_url = urls
    lines = ["", "aruna-graph is running.", "", f"  GraphQL      {graphql_url}", f"  S3 endpoint  {s3_url}"]
    if content is None:
        lines += ["", f"  The first start's secrets stood in {path}, which is gone; use tokens made since.", ""]
        return "\n".join(lines)
    if not is_first:
        lines += ["", f"  Token and S3 keys of the first start are in {path}.", ""]
        return "\n".join(lines)
    query = '{"query":"{ viewer { id displayName } projects(first: 10) { nodes { name } } }"}'
    token, key, secret = content.adminToken, content.accessKeyId, content.secretAccessKey
    curl = f"curl -s {graphql_url} -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d '{query}'"
    variables = f"AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret} AWS_DEFAULT_REGION=us-east-1"
    lines += [
        f"  Token        {token}",
        f"  Access key   {key}",
        f"  Secret key   {secret}",
        f"  (kept in {path})",
        "",
        "Three lines to paste:",
        "",
        f"  {graphql_url}  in a browser, with the token at the top of the page",
        f"  {curl}",
        f"  {variables} aws --endpoint-url {s3_url} s3 ls",
        "",
    ]
    lines += [
        "Whoever loses keyring.json in the data folder loses the data: keep a copy of it apart from the bytes.",
        "",
    ]
    return "\n".join(lines)
