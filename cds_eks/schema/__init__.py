"""What models are made of: fields, shapes, validators, and the revisions of the API."""
