"""Everything that touches the world: settings, decoders, Kafka in and out, the two loops, the command line."""
