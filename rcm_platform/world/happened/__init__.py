"""What happens in the synthetic world: people, visits, claims, decisions, money."""
