"""Orders out of files, for whoever has no interface: one row per line, columns by their header, CSV or XLSX.

An order out of a file is the same order as over the REST API, and is checked by the same code.
"""

from connectors.files.orders import FileOrder, Unusable
from connectors.files.problems import Problem
from connectors.files.reader import OrderFile
from connectors.files.template import write_template

__all__ = ["FileOrder", "OrderFile", "Problem", "Unusable", "write_template"]
