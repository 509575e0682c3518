"""From texts to vectors, on this computer or by a provider."""
