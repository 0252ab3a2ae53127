"""The formats there are, by name, and where each is: one class, made with what is wanted, loaded when it is needed."""

from collections.abc import Mapping

# In the order in which they are asked whether a record is theirs.
FORMATS: Mapping[str, str] = {
    "confluent": "consumers.decode.confluent:Confluent",
    "arrow": "consumers.decode.arrow:Arrow",
    "avro": "consumers.decode.avro_file:AvroFile",
    "cloudevents": "consumers.decode.cloudevents:CloudEvents",
    "debezium": "consumers.decode.debezium:Debezium",
    "open-inference": "consumers.decode.open_inference:OpenInference",
    "open-inference-protobuf": "consumers.decode.inference_protobuf:InferenceProtobuf",
    "kserve": "consumers.decode.kserve:KServe",
    "seldon": "consumers.decode.seldon:Seldon",
}
# Nothing in a record says that it is of one of these: they have to be named.
UNTOLD = ("open-inference-protobuf",)
# Each record told by itself; plain JSON in all its shapes, and nothing else.
AUTO, JSON = "auto", "json"
FORMAT_NAMES = (AUTO, JSON, *FORMATS)
