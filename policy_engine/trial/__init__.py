"""How well a set of cases tries an edition: figures seen from both sides, and small changes that no case notices."""
