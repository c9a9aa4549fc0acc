"""A contact-center platform written with Python's official gRPC packages, from our .proto files alone.

Usage: platform_story.py ENDPOINT TOKEN TENANT

It registers agents, submits, rings in both answer modes, connects, fails to connect, completes, loses its stream and
resumes it. Every step is checked; the last line says how many were.
"""

import pathlib
import queue
import sys
import tempfile
import time
import uuid

import grpc
from google.protobuf import duration_pb2
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"


def generate():
    """Python classes of our protos, in a folder of their own."""
    out = tempfile.mkdtemp(prefix="kindred-python-")
    files = [str(f.relative_to(PROTO)) for f in sorted(PROTO.glob("kindred/v1/*.proto"))]
    third = PROTO / "third_party"
    files += [str(f.relative_to(third)) for f in sorted(third.glob("google/api/*.proto"))]
    well_known = pathlib.Path(protoc.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{PROTO}", f"-I{third}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}"]
    if protoc.main(arguments + files) != 0:
        raise SystemExit("the protos do not compile with grpcio-tools")
    sys.path.insert(0, out)


generate()

from kindred.v1 import agent_pb2, agent_service_pb2, agent_service_pb2_grpc  # noqa: E402
from kindred.v1 import interaction_pb2, interaction_service_pb2, interaction_service_pb2_grpc  # noqa: E402
from kindred.v1 import policy_pb2, policy_service_pb2, policy_service_pb2_grpc  # noqa: E402
from kindred.v1 import queue_pb2, queue_service_pb2, queue_service_pb2_grpc  # noqa: E402
from kindred.v1 import common_pb2  # noqa: E402

PATIENCE_S = 20
STREAM_S = 60
RETRY_S = 0.05
checks = 0


def check(what, truth):
    global checks
    if not truth:
        raise AssertionError(what)
    checks += 1


def request_id():
    return str(uuid.uuid4())


class Session:
    """A stream that speaks for agents; what comes down is kept until somebody asks for it."""

    def __init__(self, stub, metadata, parent, agents, resume_token=""):
        self.up = queue.Queue(maxsize=100)
        self.seen = []
        self.token = resume_token
        start = agent_service_pb2.SessionStart(parent=parent, agents=agents, resume_token=resume_token)
        self.send(start=start)
        # A message that never comes ends the stream, and so the story, instead of waiting for ever.
        self.call = stub.Session(iter(self.up.get, None), metadata=metadata, timeout=STREAM_S)
        self.started = self.wait("started")

    def send(self, **action):
        name = request_id()
        self.up.put(agent_service_pb2.SessionRequest(request_id=name, **action))
        return name

    def wait(self, kind, matches=lambda message: True):
        """The next message of a kind that matches; others are kept."""
        for at, (seen, message) in enumerate(self.seen):
            if seen == kind and matches(message):
                del self.seen[at]
                return message
        for response in self.call:
            if response.resume_token:
                self.token = response.resume_token
            got = response.WhichOneof("message")
            message = getattr(response, got)
            if got == kind and matches(message):
                return message
            self.seen.append((got, message))
        raise AssertionError(f"the stream ended before {kind}")

    def result(self, name):
        answer = self.wait("result", lambda result: result.request_id == name)
        check(f"an answer was refused: {answer.error}", not answer.HasField("error"))
        return answer

    def offer(self, interaction):
        return self.wait("offer", lambda offer: offer.interaction.name == interaction).offer

    def lose(self):
        """The stream breaks, as when a desktop loses its network."""
        self.call.cancel()


def seconds(number):
    return duration_pb2.Duration(seconds=number)


class Platform:
    def __init__(self, endpoint, token, tenant):
        channel = grpc.insecure_channel(endpoint)
        grpc.channel_ready_future(channel).result(timeout=PATIENCE_S)
        self.metadata = [("authorization", f"Bearer {token}")]
        self.parent = f"tenants/{tenant}"
        self.interactions = interaction_service_pb2_grpc.InteractionServiceStub(channel)
        self.agents = agent_service_pb2_grpc.AgentServiceStub(channel)
        self.queues = queue_service_pb2_grpc.QueueServiceStub(channel)
        self.policies = policy_service_pb2_grpc.PolicyServiceStub(channel)

    def name(self, collection, name):
        return f"{self.parent}/{collection}/{name}"

    def ask(self, method, request):
        """A call with retries, under one request_id, while the node finds its feet."""
        if hasattr(request, "request_id"):
            request.request_id = request_id()
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                return method(request, metadata=self.metadata, timeout=PATIENCE_S)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise
                time.sleep(RETRY_S)
        raise AssertionError("unavailable for too long")

    def set_up(self):
        policy = policy_pb2.Policy(distribution=policy_pb2.Distribution(mode=policy_pb2.Distribution.MODE_LONGEST_IDLE))
        self.ask(
            self.policies.CreatePolicy,
            policy_service_pb2.CreatePolicyRequest(parent=self.parent, policy_id="py-idle", policy=policy),
        )
        for name, mode in [("py-desk", common_pb2.ANSWER_MODE_AGENT_ACCEPTS), ("py-ring", common_pb2.ANSWER_MODE_RING_IS_OFFER)]:
            rules = queue_pb2.ChannelRules(answer_mode=mode, offer_timeout=seconds(20), wrap_up_timeout=seconds(30))
            described = queue_pb2.Queue(policy=self.name("policies", "py-idle"), channels={"voice": rules})
            self.ask(
                self.queues.CreateQueue,
                queue_service_pb2.CreateQueueRequest(parent=self.parent, queue_id=name, queue=described),
            )
        entries = [
            queue_pb2.RoutingProfileEntry(queue=self.name("queues", name), channel="voice", tier=1)
            for name in ["py-desk", "py-ring"]
        ]
        profile = queue_pb2.RoutingProfile(entries=entries)
        self.ask(
            self.queues.CreateRoutingProfile,
            queue_service_pb2.CreateRoutingProfileRequest(
                parent=self.parent, routing_profile_id="py-all", routing_profile=profile
            ),
        )
        for name in ["anna", "bert"]:
            agent = agent_pb2.Agent(
                routing_profile=self.name("routingProfiles", "py-all"), endpoint=f"sip:{name}@example.invalid"
            )
            self.ask(
                self.agents.CreateAgent,
                agent_service_pb2.CreateAgentRequest(parent=self.parent, agent_id=f"py-{name}", agent=agent),
            )

    def submit(self, name, queue_name):
        wanted = interaction_pb2.Interaction(queue=self.name("queues", queue_name), channel="voice", context=b"the plan")
        answer = self.ask(
            self.interactions.CreateInteraction,
            interaction_service_pb2.CreateInteractionRequest(
                parent=self.parent, interaction_id=name, interaction=wanted
            ),
        )
        check("a header says where in the log", answer.header.index > 0 and answer.header.term > 0)
        check("it is named as asked", answer.interaction.name == self.name("interactions", name))
        return answer.interaction.name

    def get(self, name):
        request = interaction_service_pb2.GetInteractionRequest(name=name, include_context=True)
        return self.ask(self.interactions.GetInteraction, request).interaction


def story(endpoint, token, tenant):
    states = interaction_pb2.Interaction
    platform = Platform(endpoint, token, tenant)
    platform.set_up()
    anna, bert = platform.name("agents", "py-anna"), platform.name("agents", "py-bert")
    # One stream speaks for both; only Anna works, so that it is known who rings.
    session = Session(platform.agents, platform.metadata, platform.parent, [anna, bert])
    away = agent_pb2.Presence(status=agent_pb2.Presence.STATUS_BREAK)
    session.result(session.send(presence=agent_service_pb2.SessionPresence(agent=bert, presence=away)))
    presence = agent_pb2.Presence(status=agent_pb2.Presence.STATUS_AVAILABLE)
    session.result(session.send(presence=agent_service_pb2.SessionPresence(agent=anna, presence=presence)))

    # The agent accepts on the desktop, then the platform dials.
    first = platform.submit("py-1", "py-desk")
    offer = session.offer(first)
    check("the offer says where to ring", offer.endpoint == "sip:anna@example.invalid")
    session.result(session.send(accept=agent_service_pb2.SessionAccept(interaction=first, offer_id=offer.id)))
    connected = interaction_service_pb2.ReportConnectedRequest(name=offer.assignment)
    answer = platform.ask(platform.interactions.ReportConnected, connected)
    check("the assignment is active", answer.interaction.state == states.STATE_ASSIGNED)
    held = session.send(hold=agent_service_pb2.SessionHold(assignment=offer.assignment))
    session.result(held)
    session.result(session.send(retrieve=agent_service_pb2.SessionRetrieve(assignment=offer.assignment)))
    session.result(session.send(complete=agent_service_pb2.SessionComplete(assignment=offer.assignment)))
    session.result(session.send(complete_wrap_up=agent_service_pb2.SessionCompleteWrapUp(assignment=offer.assignment)))
    closed = platform.get(first)
    check("it is closed as completed", closed.close_reason == states.CLOSE_REASON_COMPLETED)
    check("its context came back", closed.context == b"the plan")

    # The ringing is the offer: its answer is accept and connected in one command.
    second = platform.submit("py-2", "py-ring")
    offer = session.offer(second)
    check("who rings is said", offer.answer_mode == common_pb2.ANSWER_MODE_RING_IS_OFFER)
    connected = interaction_service_pb2.ReportConnectedRequest(name=offer.assignment)
    answer = platform.ask(platform.interactions.ReportConnected, connected)
    check("ringing answered is connected", answer.interaction.state == states.STATE_ASSIGNED)
    session.result(session.send(complete=agent_service_pb2.SessionComplete(assignment=offer.assignment)))
    session.result(session.send(complete_wrap_up=agent_service_pb2.SessionCompleteWrapUp(assignment=offer.assignment)))

    # Connecting fails without anybody's fault: it waits again, and is offered again.
    third = platform.submit("py-3", "py-desk")
    offer = session.offer(third)
    session.result(session.send(accept=agent_service_pb2.SessionAccept(interaction=third, offer_id=offer.id)))
    failed = interaction_service_pb2.ReportConnectFailedRequest(
        name=offer.assignment, cause=interaction_pb2.CONNECT_FAILED_CAUSE_MEDIA_ERROR
    )
    platform.ask(platform.interactions.ReportConnectFailed, failed)
    again = session.offer(third)
    check("another offer, another token", again.id != offer.id)

    # The stream breaks in mid-offer; a new one takes up where it stopped, and the offer still stands.
    resume_token = session.token
    check("a stream can be resumed", resume_token != "")
    session.lose()
    # Nobody listens when Bert goes home: the new stream must tell of it, and once.
    gone = agent_pb2.Presence(status=agent_pb2.Presence.STATUS_OFFLINE, reason="while the stream was away")
    platform.ask(platform.agents.SetPresence, agent_service_pb2.SetPresenceRequest(name=bert, presence=gone))
    session = Session(platform.agents, platform.metadata, platform.parent, [anna, bert], resume_token)
    check("the stream took up where it stopped", session.started.resumed)

    def went_home(message):
        return message.agent.name == bert and message.agent.presence.status == agent_pb2.Presence.STATUS_OFFLINE

    session.wait("agent", went_home)
    check("the offer survived the stream", platform.get(third).state == states.STATE_OFFERED)
    session.result(session.send(accept=agent_service_pb2.SessionAccept(interaction=third, offer_id=again.id)))
    platform.ask(platform.interactions.ReportConnected, interaction_service_pb2.ReportConnectedRequest(name=again.assignment))
    session.result(session.send(complete=agent_service_pb2.SessionComplete(assignment=again.assignment)))
    check("three calls, three closed", platform.get(third).state == states.STATE_CLOSED)
    again_told = [message for kind, message in session.seen if kind == "agent" and went_home(message)]
    check("what was missed is told once", not again_told)

    # A "no" has a reason that a program can read.
    try:
        platform.interactions.AcceptOffer(
            interaction_service_pb2.AcceptOfferRequest(name=third, offer_id=again.id, request_id=request_id()),
            metadata=platform.metadata,
        )
        raise AssertionError("a closed interaction was accepted")
    except grpc.RpcError as error:
        check("a closed one cannot be accepted", error.code() == grpc.StatusCode.FAILED_PRECONDITION)
        details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
        check("the error has details", len(details) > 0)


if __name__ == "__main__":
    story(*sys.argv[1:4])
    print(f"python platform: {checks} checks passed")
