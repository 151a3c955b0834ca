"""The command `cds-eks` (extra `cli`); README.md beside this file says what is where."""
