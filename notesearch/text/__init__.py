"""Pure functions on strings: terms, languages, stop words, secrets."""
