import tordesc

for relay in tordesc.parse("server-descriptors-2026-03.tar.xz"):
    if relay.exit_policy.can_exit_to("198.51.100.7", 443):
        print(relay.published, relay.nickname, relay.address, relay.observed_bandwidth)
