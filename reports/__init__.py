"""From a run's records to what people and machines read: report.json, terminal summary, one HTML page.

Nothing here knows a stack: it works on plain data, so a report of another machine reads as well as one's own.
"""
