"""Gives the checks of this folder the ingestion bench and projects of their own."""

from __future__ import annotations

from fixtures.ingestion import bench, project, sender, shared_project

__all__ = ["bench", "project", "sender", "shared_project"]
