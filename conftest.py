"""Lists the plugin modules in ``fixtures/``, nothing else."""

pytest_plugins = [
    "fixtures.plugin_options",
    "fixtures.evidence",
    "fixtures.plugin_collection",
    "fixtures.plugin_verdicts",
    "fixtures.session",
    "fixtures.ingestion",
    "fixtures.cluster_bench",
    "fixtures.map_bench",
    "fixtures.servers_bench",
    "fixtures.mutual_bench",
    "fixtures.clients_bench",
    "fixtures.rotation_bench",
    "fixtures.login_bench",
    "fixtures.hostile_bench",
    "fixtures.capacity_bench",
]
