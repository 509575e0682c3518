"""Which folders there are: adding, scanning, ignore rules, vaults of other programs."""
