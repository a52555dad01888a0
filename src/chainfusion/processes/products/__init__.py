"""What a deal of a known kind begins with: the tape's schema, criteria, papers, process, a skeleton of terms."""

from chainfusion.processes.products.template import ProductTemplate, names, template
from chainfusion.processes.products.writer import files_of

__all__ = ["ProductTemplate", "files_of", "names", "template"]
