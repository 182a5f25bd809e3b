"""The ground everything stands on: settings, errors, database, engine, lake, events, ids, clock.

The only folder that may be entered by file (`from muniment.base import db`). Knows no domain.
"""
