"""Sentences for people, made of codes and values: the one place of English that the command line and the
window share. Nothing here decides anything, and nothing below knows what is said."""
