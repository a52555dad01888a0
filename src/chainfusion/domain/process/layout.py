"""Where the nodes of a process stand when it is drawn: columns from left to right, loops left aside."""

from __future__ import annotations

from collections import deque

from chainfusion.domain.process.definition import END, START, Flow, Process


def columns(process: Process, *, of_gateways: bool = False) -> dict[str, int]:
    """The column of START and of every node: the longest way to it from the start, along flows that do not lead back.

    Each step takes a column of its own, and so does each gateway where `of_gateways`; else a gateway shares the column
    of what leads to it. A node that nothing leads to stands in the first column.
    """
    back = back_flows(process)
    onward = [flow for flow in process.flows if flow not in back and not flow.ends]
    steps = {step.id for step in process.steps}
    nodes = [START, *(step.id for step in process.steps), *(gateway.id for gateway in process.gateways)]
    out, waits = {node: list[str]() for node in nodes}, dict.fromkeys(nodes, 0)
    for flow in onward:
        out[flow.source].append(flow.target)
        waits[flow.target] += 1
    place, ready = dict.fromkeys(nodes, 0), deque(node for node in nodes if waits[node] == 0)
    while ready:
        node = ready.popleft()
        for target in out[node]:
            place[target] = max(place[target], place[node] + (of_gateways or target in steps))
            waits[target] -= 1
            if waits[target] == 0:
                ready.append(target)
    return place


def back_flows(process: Process) -> frozenset[Flow]:
    """Flows that close a loop, as a walk from the start, depth first, meets them."""
    found, open_, done = set[Flow](), set[str](), set[str]()
    walk = [(START, iter(process.out_of(START)))]
    while walk:
        node, flows = walk[-1]
        open_.add(node)
        flow = next(flows, None)
        if flow is None:
            walk.pop()
            open_.discard(node)
            done.add(node)
        elif flow.target in open_:
            found.add(flow)
        elif flow.target not in done and not flow.ends:
            walk.append((flow.target, iter(process.out_of(flow.target))))
    return frozenset(found)


def reached(process: Process, begin: set[str], but: frozenset[Flow] = frozenset()) -> frozenset[str]:
    """The nodes that the flows out of `begin` lead to, along all flows but those given."""
    seen, ahead = set[str](), [flow for node in begin for flow in process.out_of(node)]
    while ahead:
        flow = ahead.pop()
        if flow.target not in seen and flow.target != END and flow not in but:
            seen.add(flow.target)
            ahead += process.out_of(flow.target)
    return frozenset(seen)
