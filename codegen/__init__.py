"""The API description and what is made from it."""
