"""Replays recorded metrics through a RetrainPolicy, with the scraper's and the decisions' own code."""
