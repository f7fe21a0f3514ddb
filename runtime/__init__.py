"""What every process needs: the Temporal client, payload encryption, partners from settings, a clean end."""
