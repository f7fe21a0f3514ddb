"""From the inbox to the workflows: documents are understood, kept, and told to the orders that they are about."""
