"""Controls, colours and icons that every other room of `ui` uses."""
