"""What every API call shares: field types, tokens, paging, idempotency keys, error responses, and the OpenAPI document."""
