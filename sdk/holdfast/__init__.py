"""Everything that both sides of Holdfast share: packages, profiles, statistics, names and settings."""
