"""From a query to rows: parsing, the three stages, fusion, snippets."""
