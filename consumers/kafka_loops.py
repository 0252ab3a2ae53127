"""Counter and judge over Kafka: which group, topic, key and partition each of them works on."""

from consumers.assembly import Assembly
from consumers.counter import Counter, CounterOutlet
from consumers.facts import NOBODY, Observer
from consumers.idle import IdleWatch
from consumers.judge import Judge, JudgeTopics
from consumers.kafka_cut import CuttingSink, deletion
from consumers.kafka_identity import TopicIdentity, topic_facts
from consumers.kafka_lookup import read_to_end, until_answered
from consumers.kafka_sink import KafkaSink
from consumers.kafka_source import KafkaSource
from consumers.observed import ObservedLoop, ObservedSink, ObservedSource
from consumers.records import counts_partition
from consumers.service import Loop


def new_loop(role: str, assembly: Assembly, observer: Observer = NOBODY) -> Loop:
    """Return the loop of a role, "counter" or "judge", whose facts ``observer`` is told."""
    loop: Loop = new_counter(assembly, observer) if role == "counter" else new_judge(assembly, observer)
    return ObservedLoop(loop, role, observer)


def new_counter(assembly: Assembly, observer: Observer = NOBODY) -> Counter:
    """Return a member of the counters' group, whose facts ``observer`` is told."""
    settings = assembly.settings
    group = f"{settings.monitor.name}-counter"
    consumer = settings.kafka.for_client("consumer")
    counts = until_answered(lambda: topic_facts(settings.topics.counts, consumer))
    outlet = CounterOutlet(
        counts=settings.topics.counts,
        counts_partitions=counts.partitions,
        counts_partition=counts_partition(settings.monitor.name, counts.partitions),
        rejects=settings.topics.rejects,
        monitor=settings.monitor.name,
        counted_on=assembly.schedule.counted_on(assembly.baseline.fingerprint),
        # Brokers before 2.8 have no ids.
        counts_id=counts.id or settings.topics.counts,
    )
    identity = TopicIdentity(settings.topics.events, consumer)
    source = KafkaSource(settings.topics.events, group, settings.kafka.for_client("member"), identity)
    sink = KafkaSink(group, settings.kafka.for_client("producer"))
    return Counter(
        ObservedSource(source, "counter", observer, source.lag),
        ObservedSink(sink, "counter", observer),
        assembly.new_decoder(),
        assembly.new_tallier(),
        outlet,
        IdleWatch(settings.idle_ms / 1000),
        observer,
    )


def new_judge(assembly: Assembly, observer: Observer = NOBODY) -> Judge:
    """Return a member of the judges' group, whose facts ``observer`` is told."""
    settings = assembly.settings
    topics, group = settings.topics, f"{settings.monitor.name}-judge"
    consumer = settings.kafka.for_client("consumer")
    identity = TopicIdentity(topics.counts, consumer)
    source = KafkaSource(topics.counts, group, settings.kafka.for_client("member"), identity)
    kafka = KafkaSink(group, settings.kafka.for_client("producer"))
    sink = CuttingSink(kafka, deletion(settings.kafka.for_client("admin"))) if topics.cut_counts else kafka
    return Judge(
        ObservedSource(source, "judge", observer, source.lag),
        ObservedSink(sink, "judge", observer),
        JudgeTopics(topics.panes, topics.alerts, topics.status),
        assembly.new_book,
        lambda partition: read_to_end(topics.panes, partition, consumer),
        observer=observer,
    )
