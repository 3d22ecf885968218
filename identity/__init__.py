"""Who is calling: tokens, access keys, request signatures, and the keyring that seals secrets."""
