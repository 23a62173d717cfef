"""How the model that Peel embeds is made: prepare, train, evaluate, export."""
