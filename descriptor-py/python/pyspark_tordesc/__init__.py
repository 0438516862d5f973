"""Documents of the Tor network as a data source of Spark.

    spark.read.format("tordesc").option("type", "server-descriptor").load("server-descriptors-*.tar.xz")

PySpark finds this module by its name; nothing needs to be registered.
"""

from ._source import DefaultSource

__all__ = ["DefaultSource"]
