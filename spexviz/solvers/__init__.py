"""Solvers: from masks and values to a spectrum.

A new solver is a new file here with a frozen dataclass that has a `name`.
"""
