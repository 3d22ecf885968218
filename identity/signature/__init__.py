"""S3 request signatures: checked for the S3 face, made for the upload and download URLs of the GraphQL face.

Pure: no clock, no store, no await. A caller reads the credentials off a request (`request.read_credentials`),
looks up the secret of the access key itself, and then verifies (`request.verify`).
"""
