"""A watched module answers as an unwatched one, bit by bit, and its tap sees what it was given and what it answered."""

import copy
import io
import json
import threading
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from consumers.tap import Embeddings, Logits, MemoryEvents, Pictures, Tap, Tokens, Values
from consumers.tap.embeddings import features, fit_embeddings
from consumers.tap.stats import TapStats

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'driftline[torch]'")
NAMES = ["a", "b", "c", "d"]


def model(seed: int = 3, *, dropout: float = 0.0) -> Any:
    """Return a small classifier that writes into its own input."""
    torch.manual_seed(seed)
    layers = (torch.nn.ReLU(inplace=True), torch.nn.Linear(4, 8), torch.nn.Dropout(dropout), torch.nn.Linear(8, 3))
    return torch.nn.Sequential(*layers)


def batch(rows: int = 5, seed: int = 1) -> Any:
    """Return inputs [rows, 4], negative ones among them."""
    return torch.randn(rows, 4, generator=torch.Generator().manual_seed(seed))


def events(outlet: MemoryEvents) -> list[dict[str, Any]]:
    """Return the features of the events."""
    return [json.loads(line)["features"] for line in outlet.lines]


def inputs(outlet: MemoryEvents) -> list[list[float]]:
    """Return the inputs that the events hold, as float32."""
    return [[float(np.float32(event[name])) for name in NAMES] for event in events(outlet)]


def tapped(**options: Any) -> tuple[MemoryEvents, Tap]:
    """Return a tap and where its events go."""
    outlet = MemoryEvents()
    return outlet, Tap(outlet, **({"features": NAMES} | options))


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_answers_are_the_same_bits_with_and_without(mode: Any) -> None:
    """In every mode, in training too: outputs, gradients and random numbers are those of an untapped run."""

    def run(watched: bool) -> list[Any]:
        net = model(dropout=0.5)
        outlet, tap = tapped()
        if watched:
            tap.watch(net)
        torch.manual_seed(11)
        with mode():
            answers = [net(batch(seed=seed)) for seed in range(4)]
        if answers[0].requires_grad:
            sum(answer.sum() for answer in answers).backward()
        assert tap.flush(60)
        assert len(outlet.lines) == (20 if watched else 0)
        gradients = [p.grad for p in net.parameters() if p.grad is not None]
        return [*answers, *gradients, torch.rand(3)]

    for with_tap, without in zip(run(True), run(False), strict=True):
        assert torch.equal(with_tap, without)


def test_events_hold_the_input_as_it_came_in() -> None:
    """The module writes into its input, and the caller fills the buffer anew: the events have what was asked."""
    net = model()
    outlet, tap = tapped()
    tap.watch(net)
    given, asked = batch(), batch().tolist()
    with torch.inference_mode():
        answers = net(given)
        classes = answers.argmax(1).tolist()
        assert given.min() == 0
        given.fill_(99)
        answers.fill_(99)
    assert tap.flush(60)
    assert inputs(outlet) == asked
    assert [event["prediction"] for event in events(outlet)] == classes


def test_sampled_rows_are_the_same_in_input_and_output() -> None:
    """Row numbers are drawn once a batch; both tensors are cut by them."""
    outlet, tap = tapped(sample=0.5, predictions=Values(), generator=np.random.default_rng(3))
    net = torch.nn.Linear(4, 1, bias=False)
    tap.watch(net)
    with torch.inference_mode():
        net(batch(64))
    assert tap.flush(60)
    found = events(outlet)
    assert 0 < len(found) < 64
    assert tap.stats() == TapStats(rows=64, sampled_out=64 - len(found), sent=len(found))
    again = net(torch.tensor(inputs(outlet))).squeeze(1).tolist()
    assert [event["prediction"] for event in found] == pytest.approx(again, abs=1e-6)


def test_a_failing_module_fails_as_before() -> None:
    """Its own exception reaches the caller, no event is made of the call, and the next call is not confused by it."""
    outlet, tap = tapped()
    net = model()
    tap.watch(net)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        net(torch.zeros(7, 9))
    net(batch(2))
    assert tap.flush(60)
    assert tap.stats() == TapStats(rows=2, sent=2)
    assert inputs(outlet) == batch(2).tolist()


def test_a_failing_tap_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks in the hooks, the model answers."""
    _, tap = tapped()
    net = model()
    tap.watch(net)
    wanted = model()(batch())
    monkeypatch.setattr("consumers.tap.intake.snapshot", lambda *_: 1 / 0)
    assert torch.equal(net(batch()), wanted)
    assert tap.stats().errors == 1


def test_removed_hooks_are_gone() -> None:
    """After `remove` the module is as before."""
    outlet, tap = tapped()
    net = model()
    tap.watch(net).remove()
    net(batch())
    assert tap.flush(60)
    assert (tap.stats(), outlet.lines) == (TapStats(), [])
    assert not net._forward_hooks
    assert not net._forward_pre_hooks


def test_copies_of_a_module_share_its_tap() -> None:
    """deepcopy, and the shallow replicas that DataParallel makes, are watched by the same tap."""
    outlet, tap = tapped()
    net = model()
    tap.watch(net)
    replica = net._replicate_for_data_parallel()
    replica._modules = net._modules
    for one in (net, copy.deepcopy(net), replica):
        one(batch())
    assert tap.flush(60)
    assert inputs(outlet) == 3 * batch().tolist()


def test_modules_that_are_saved_leave_the_tap_behind() -> None:
    """A whole module can be saved as before; what is loaded again answers, and is watched by nobody."""
    outlet, tap = tapped()
    net = model()
    tap.watch(net)
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    assert torch.equal(loaded(batch()), model()(batch()))
    assert tap.flush(60)
    assert outlet.lines == []


def test_threads_do_not_mix_their_batches() -> None:
    """Two threads in the module at the same time: each event has input and output of one call."""
    outlet, tap = tapped(predictions=Values())
    meeting = threading.Barrier(2)

    class Meeting(torch.nn.Module):
        def forward(self, values: Any) -> Any:
            meeting.wait(60)
            return values[:, 0] * 10

    net = Meeting()
    tap.watch(net)
    threads = [threading.Thread(target=lambda n=n: net(torch.full((3, 4), float(n)))) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tap.flush(60)
    assert (
        sorted((event["a"], event["prediction"]) for event in events(outlet)) == [(1.0, 10.0)] * 3 + [(2.0, 20.0)] * 3
    )


def test_ids_and_times_of_a_request_reach_its_events() -> None:
    """Inside `request` rows carry the server's own ids and times, outside they do not."""
    outlet, tap = tapped()
    net = model()
    tap.watch(net)
    with tap.request(ids=["x", "y"], times=[1_700_000_000_000, 1_700_000_000_001]):
        net(batch(2))
    net(batch(1))
    assert tap.flush(60)
    found = [json.loads(line) for line in outlet.lines]
    assert [(event["id"], event["ts"]) for event in found[:2]] == [("x", 1_700_000_000_000), ("y", 1_700_000_000_001)]
    assert found[2]["id"].endswith("-2")
    assert found[2]["ts"] > 1_700_000_000_001


@pytest.mark.parametrize(
    "wrap", [lambda x: x, lambda x: (x, None), lambda x: {"logits": x}, lambda x: SimpleNamespace(logits=x)]
)
def test_outputs_are_found_where_models_put_them(wrap: Any) -> None:
    """A tensor, the first of a tuple, or what is called logits."""
    outlet, tap = tapped(features=Tokens(unknown=1, padding=0), predictions=Logits(["cat", "dog"]))

    class Texts(torch.nn.Module):
        def forward(self, mask: Any, input_ids: Any = None) -> Any:
            return wrap(torch.stack([input_ids[:, 0].float(), mask[:, 0].float()], 1))

    net = Texts()
    tap.watch(net, argument="input_ids")
    net(torch.ones(2, 3), input_ids=torch.tensor([[5, 1, 0], [0, 0, 0]]))
    assert tap.flush(60)
    assert [(event["tokens"], event["unknown_share"], event["prediction"]) for event in events(outlet)] == [
        (2, 0.5, "cat"),
        (0, None, "dog"),
    ]


def test_inputs_that_are_no_tensor_do_no_harm() -> None:
    """A tap of answers alone counts rows by the answer; a model whose input is a list or a dict answers as before."""
    outlet, tap = tapped(features=None)

    class Lists(torch.nn.Module):
        def forward(self, given: Any) -> Any:
            return given["rows"].sum(1)

    net = Lists()
    tap.watch(net)
    net({"rows": batch()})
    assert tap.flush(60)
    assert [event["prediction"] for event in events(outlet)] == pytest.approx(batch().sum(1).tolist(), abs=1e-6)
    _, strict = tapped()
    strict.watch(net)
    assert len(net({"rows": batch()})) == 5
    assert strict.stats().errors == 1


def test_an_answer_of_other_rows_is_left_out() -> None:
    """Where the output has no row per input, the events have the input alone; without that, too, there are none."""
    outlet, tap = tapped()
    _, blind = tapped(features=None)

    class Boxes(torch.nn.Module):
        def forward(self, given: Any) -> Any:
            return given.new_zeros(9, 4, 2, 2)

    net = Boxes()
    for one in (tap, blind):
        one.watch(net)
    net(batch())
    assert tap.flush(60)
    assert blind.flush(60)
    assert [set(event) for event in events(outlet)] == [set(NAMES)] * 5
    assert blind.stats().dropped == {"unread": 9}


def test_half_precision_is_read() -> None:
    """bfloat16 and float16 models are monitored as others are."""
    outlet, tap = tapped()
    net = torch.nn.Identity()
    tap.watch(net)
    for kind in (torch.bfloat16, torch.float16):
        net(torch.tensor([[0.5, 1, 2, 3]], dtype=kind))
    assert tap.flush(60)
    assert inputs(outlet) == [[0.5, 1, 2, 3]] * 2
    assert events(outlet)[0]["prediction"] == 3


def test_tensors_that_are_elsewhere_are_counted_as_unsupported() -> None:
    """A tensor without data, or a sparse one, is not copied: its rows are dropped under that reason."""
    _, tap = tapped()
    net = torch.nn.Identity()
    tap.watch(net)
    net(torch.zeros(5, 4, device="meta"))
    net(torch.eye(4).to_sparse())
    assert tap.stats() == TapStats(rows=9, dropped={"unsupported": 9})


def test_pictures_become_their_statistics() -> None:
    """A batch of images has one value of each statistic per image; what they were normalised with is taken back."""
    outlet, tap = tapped(features=Pictures(mean=[0.5], std=[0.25]), predictions=None)
    net = torch.nn.Flatten()
    tap.watch(net)
    light = torch.tensor([0.25, 0.75]).reshape(2, 1, 1, 1).expand(2, 1, 8, 8)
    net((light - 0.5) / 0.25)
    assert tap.flush(60)
    assert [event["brightness"] for event in events(outlet)] == pytest.approx([0.25, 0.75])


def test_a_layers_embeddings_are_compared_with_training() -> None:
    """The output of a layer is read by a reference of training embeddings; the numbers are those of `features`."""
    reference = fit_embeddings(batch(200))
    outlet, tap = tapped(features=None, predictions=Embeddings(reference))
    net = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Linear(4, 1))
    tap.watch(net[0])
    net(batch(3))
    assert tap.flush(60)
    wanted = {name: column.tolist() for name, column in features(batch(3), reference).items()}
    for row, event in enumerate(events(outlet)):
        assert {name: float(np.float32(value)) for name, value in event.items()} == {
            name: column[row] for name, column in wanted.items()
        }
    assert len(outlet.lines) == 3


def test_traced_and_scripted_modules_are_watched() -> None:
    """TorchScript modules have hooks, too, and tracing a watched module records no copy in its graph."""
    outlet, tap = tapped()
    net = model().eval()
    tap.watch(net)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is deprecated", FutureWarning)
        warnings.filterwarnings("ignore", ".*is deprecated", DeprecationWarning)
        traced = torch.jit.trace(net, batch())
    assert "clone" not in str(traced.inlined_graph)
    assert tap.flush(60)
    assert tap.stats() == TapStats(rows=5, sent=5)
    outlet.lines.clear()
    other_outlet, other = tapped()
    other.watch(traced)
    traced(batch())
    assert other.flush(60)
    assert inputs(other_outlet) == batch().tolist()
    assert outlet.lines == []


class Graphs:
    """A backend of torch.compile that compiles nothing and counts what it is asked for."""

    compiled = 0

    def __call__(self, graph: Any, _: Any) -> Any:
        """Run the graph as it is."""
        self.compiled += 1
        return graph.forward


class TestCompiled:
    """Under torch.compile; Dynamo alone, whose rules are in question, without a compiler behind it."""

    @pytest.fixture(autouse=True)
    def fresh(self) -> Any:
        """Forget what was compiled before."""
        import torch._dynamo

        torch._dynamo.reset()

    def check(self, net: Any, outlet: MemoryEvents, tap: Tap, graphs: Graphs) -> None:
        """Call it three times: right answers, whole events, one graph, the same bits."""
        wanted = [model()(batch(seed=seed)) for seed in range(3)]
        with torch.inference_mode():
            answers = [net(batch(seed=seed)) for seed in range(3)]
        assert all(map(torch.equal, answers, wanted))
        assert tap.flush(60)
        assert inputs(outlet) == [row for seed in range(3) for row in batch(seed=seed).tolist()]
        assert graphs.compiled == 1

    def test_a_compiled_module_is_watched_from_outside(self) -> None:
        """Hooks on what torch.compile returned are not in the graph, which may be asked to be whole."""
        graphs = Graphs()
        outlet, tap = tapped()
        net = torch.compile(model(), backend=graphs, fullgraph=True)
        tap.watch(net)
        self.check(net, outlet, tap, graphs)

    def test_a_module_may_be_compiled_after_it_is_watched(self) -> None:
        """The graph breaks at the module's edge: still one graph, and the hooks outside of it."""
        graphs = Graphs()
        outlet, tap = tapped()
        net = model()
        tap.watch(net)
        self.check(torch.compile(net, backend=graphs), outlet, tap, graphs)

    def test_a_module_compiled_in_place_is_watched(self) -> None:
        """`module.compile()` keeps the module and its hooks."""
        graphs = Graphs()
        outlet, tap = tapped()
        net = model()
        tap.watch(net)
        net.compile(backend=graphs)
        self.check(net, outlet, tap, graphs)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
class TestCuda:
    """On a GPU: the same bits, and no waiting for it on the model's thread."""

    def test_answers_are_the_same_bits_and_events_are_whole(self) -> None:
        """Inputs that are overwritten on the GPU right after the call are copied before that."""
        net = model().cuda()
        wanted = net(batch().cuda())
        outlet, tap = tapped()
        tap.watch(net)
        given = batch().cuda()
        with torch.inference_mode():
            answers = net(given).clone()
            given.fill_(99)
        assert torch.equal(answers, wanted)
        assert tap.flush(60)
        assert inputs(outlet) == batch().tolist()

    def test_the_hot_path_does_not_synchronise(self) -> None:
        """CUDA's own check for synchronising calls finds none in the hooks, sampling or not."""
        for sample in (1.0, 0.5):
            _, tap = tapped(sample=sample)
            net = model().cuda()
            tap.watch(net)
            given = batch().cuda()
            net(given)
            torch.cuda.set_sync_debug_mode("error")
            try:
                net(given)
            finally:
                torch.cuda.set_sync_debug_mode("default")
            assert tap.flush(60)
            assert tap.stats().errors == 0
