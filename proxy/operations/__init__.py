"""The operations of S3, one file each: the permission each takes stands beside it as data."""
