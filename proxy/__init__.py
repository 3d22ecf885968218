"""The S3 face: requests and operations, and the bytes below them: sealing, blobs, sweeping."""
