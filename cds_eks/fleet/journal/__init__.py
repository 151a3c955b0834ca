"""Journals: what is known of a fleet, durably.

`base` says what a journal does, `opening` opens one, `pending` keeps what could not be written yet. Inside, a call
becomes an operation (`operations`), which waits for a thread (`worker`, `threaded`); the thread carries out all that
have arrived in one transaction (`grouped`, `transaction`), by rules that know no database (`steps`, `fields`), on
SQLite (`sqlite*`) or PostgreSQL (`postgres*`).
"""
