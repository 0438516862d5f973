import tordesc

most = 0
for table in tordesc.scan("server-descriptors-2026-03.tar.xz", "server-descriptor", columns=["uptime"], rows=20):
    most = max(most, *table.to_arrow()["uptime"].to_pylist())
print("the longest uptime is", most, "seconds")
