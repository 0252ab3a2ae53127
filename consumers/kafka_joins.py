"""The joiner over Kafka: which topics it reads and writes, and how its records are understood."""

from consumers.assembly import Assembly
from consumers.decode.tables import Names
from consumers.facts import NOBODY, Observer
from consumers.joiner import Joiner
from consumers.kafka_follower import KafkaArchive, KafkaFollower
from consumers.kafka_identity import TopicIdentity, topic_facts
from consumers.kafka_lookup import until_answered
from consumers.kafka_sink import KafkaSink
from consumers.kafka_source import KafkaSource
from consumers.label_readers import label_reader, prediction_reader
from consumers.observed import ObservedSink, ObservedSource
from consumers.pairing import Pairer, PairTopics
from consumers.patience import Patience
from consumers.settings import Settings
from consumers.settings.labels import LabelSettings
from stream.join import JoinLimits

# A window of a million predictions takes longer to read back than a member may be silent otherwise.
_POLL_INTERVAL_MS = 120_000


def new_joiner(assembly: Assembly, labels: LabelSettings, observer: Observer = NOBODY) -> Joiner:
    """Return a member of the joiners' group, whose facts ``observer`` is told; ``assembly`` is that of the events."""
    settings = assembly.settings
    topics, group = settings.topics, f"{settings.monitor.name}-joiner"
    consumer = settings.kafka.for_client("consumer")
    member = {"max_poll_interval_ms": _POLL_INTERVAL_MS, **settings.kafka.for_client("member")}
    source = KafkaSource(topics.events, group, member, TopicIdentity(topics.events, consumer))
    partitions = until_answered(lambda: topic_facts(topics.events, consumer)).partitions
    return Joiner(
        ObservedSource(source, "joiner", observer, source.lag),
        KafkaFollower(topics.labels, consumer, TopicIdentity(topics.labels, consumer)),
        KafkaArchive(consumer),
        ObservedSink(KafkaSink(group, settings.kafka.for_client("producer")), "joiner", observer),
        new_pairer(settings, labels, partitions, tuple(feature.name for feature in assembly.baseline.features)),
        Patience(labels.early_ms),
        observer,
    )


def new_pairer(settings: Settings, labels: LabelSettings, partitions: int, features: Names) -> Pairer:
    """Return what joins predictions and labels as the settings say; memory is shared out over the partitions.

    ``features`` are those of the events' baseline. Raises SettingsError.
    """
    topics = settings.topics
    return Pairer(
        prediction_reader(settings, labels, features),
        label_reader(settings, labels),
        labels.task,
        JoinLimits(labels.wait_ms, max(1, labels.max_waiting // partitions)),
        PairTopics(topics.events, topics.labels, topics.labelled, topics.rejects),
        labels.classes or None,
    )
