"""Certificates where Kubernetes runs us: asked of cert-manager by one pod, handed to every edge.

`controller` is that pod's program, `fetching` the edge's. The second imports no Django: it runs beside each nginx.
"""
