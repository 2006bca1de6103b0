"""What every page needs: who is asking, access, forms, htmx, filters, assets, headers, errors."""
