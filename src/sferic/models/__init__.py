"""The catalogue of models and the store that fetches them."""
