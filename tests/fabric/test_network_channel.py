"""A running channel's configuration: changes, the update that Fabric takes, what a signer is shown, who must sign."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fabric_protos.common import common_pb2 as common
from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import configuration_pb2 as configuration
from fabric_protos.common import policies_pb2 as policies
from fabric_protos.msp import msp_principal_pb2 as principals

from chainfusion.domain.roles import Role
from chainfusion.ledger.fabric.network.channel.authority import Requirement, requirements
from chainfusion.ledger.fabric.network.channel.changes import (
    Change,
    ChangeRefused,
    add_orderer,
    admit_member,
    remove_member,
    remove_orderer,
)
from chainfusion.ledger.fabric.network.channel.config import (
    ChannelConfig,
    ConfigurationUnreadable,
    consenters,
    read_config_block,
)
from chainfusion.ledger.fabric.network.channel.differences import effect_of
from chainfusion.ledger.fabric.network.channel.facts import facts_of, policy_words
from chainfusion.ledger.fabric.network.channel.first_block import first_block
from chainfusion.ledger.fabric.network.channel.proposal import (
    ChangeProposal,
    ProposalRefused,
    propose_change,
    read_proposal,
)
from chainfusion.ledger.fabric.network.channel.update import (
    UpdateRefused,
    apply_update,
    compute_update,
)
from chainfusion.ledger.fabric.network.offer import Offer, read_offer
from chainfusion.ledger.fabric.network.places import Places
from chainfusion.ledger.fabric.network.plan import Consensus, Ordering, OrganisationPlan
from chainfusion.node.identity.enrolment import create_organisation, enrol_user
from chainfusion.node.identity.organisation import unlock
from chainfusion.node.identity.signer import Signer
from chainfusion.node.network import ADMIN, DESK, RunningNetwork, make
from chainfusion.node.network.institution import NodesExist, make_nodes
from tests.fabric.network_stage import scripted_binaries, small_plan

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> RunningNetwork:
    root = tmp_path_factory.mktemp("network")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FABRIC_BIN", str(scripted_binaries(root / "bin")))
        return make(small_plan(), root / "net")


@pytest.fixture(scope="module")
def present(network: RunningNetwork) -> ChannelConfig:
    return read_config_block(network.places.block.read_bytes())


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Offer, Signer]:
    """An institution's offer, and its administrator."""
    root = tmp_path_factory.mktemp("east")
    organisation = create_organisation(root / "identity", "EastMSP", "East", "东方", b"east", now=NOW)
    enrol_user(organisation, ADMIN, (), b"east", now=NOW, admin=True)
    line = OrganisationPlan("EastMSP", "East", "东方", (Role.RATING_AGENCY,), "east.example", 7000)
    offer = make_nodes(organisation, line, Places(root / "network"), b"east", NOW)
    with pytest.raises(NodesExist):
        make_nodes(organisation, line, Places(root / "network"), b"east", NOW)
    return offer, unlock(organisation.user(ADMIN), b"east")


def raft(network: RunningNetwork) -> ChannelConfig:
    """The same institutions' channel under Raft."""
    plan = replace(network.plan, ordering=Ordering(Consensus.RAFT))
    offers = [read_offer(network.places.offer(msp).read_bytes()) for msp in plan.msps]
    return read_config_block(first_block(plan, offers, NOW))


def after(present: ChannelConfig, change: Change) -> configtx.Config:
    """What Fabric would make of a change's update."""
    return apply_update(present.config, compute_update(present.channel, present.config, change(present.config)))


def signed(proposal: ChangeProposal, network: RunningNetwork, *msps: str, user: str = ADMIN) -> ChangeProposal:
    for msp in msps:
        proposal = proposal.sign(network.signer(msp, user))
    return proposal


def needs(present: ChannelConfig, proposal: ChangeProposal, at: datetime | None = None) -> tuple[Requirement, ...]:
    """As seen now, by when all certificates of the fixtures have begun to be valid; or at a time."""
    when = (at or datetime.now(UTC)) + timedelta(seconds=1)
    return requirements(present.config, proposal.update, proposal.signed, when)


# ------------------------------------------------------------------ changes


def test_a_member_comes_and_goes(present: ChannelConfig, newcomer: tuple[Offer, Signer]) -> None:
    offer, _ = newcomer
    with_it = after(present, admit_member(offer))
    assert sorted(with_it.channel_group.groups["Application"].groups)[0] == "EastMSP"
    again = replace(present, config=with_it)
    assert facts_of(after(again, remove_member("EastMSP"))) == facts_of(present.config)


@pytest.mark.parametrize("consensus", Consensus)
def test_an_orderer_comes_and_goes(
    network: RunningNetwork, present: ChannelConfig, newcomer: tuple[Offer, Signer], consensus: Consensus
) -> None:
    offer, _ = newcomer
    config = present if consensus is Consensus.SMARTBFT else raft(network)
    with_it = replace(config, config=after(config, add_orderer(offer)))
    assert with_it.addresses == (*config.addresses, "east.example:7002")
    assert "EastMSP" in with_it.ordering_members
    assert facts_of(after(with_it, remove_orderer("EastMSP"))) == facts_of(config.config)


def test_under_smartbft_the_policy_of_blocks_follows_the_orderers(
    present: ChannelConfig, newcomer: tuple[Offer, Signer]
) -> None:
    place = ("Orderer", "policy", "BlockValidation")
    assert facts_of(present.config)[place].startswith("3 of (Org0MSP")
    found = facts_of(after(present, add_orderer(newcomer[0])))[place]
    assert found.startswith("4 of (Org0MSP")
    assert "EastMSP" in found


def test_a_number_that_an_orderer_has_is_given_to_no_other(
    present: ChannelConfig, newcomer: tuple[Offer, Signer]
) -> None:
    config = replace(present, config=after(present, add_orderer(newcomer[0])))
    config = replace(config, config=after(config, remove_orderer("Org1MSP")))
    offer = replace(newcomer[0], msp="WestMSP", port=8000)
    found = consenters(after(config, add_orderer(offer)).channel_group.groups["Orderer"])
    assert [each.id for each in found] == [1, 3, 4, 5, 6]


def test_a_member_without_a_peer_counts_for_votes_and_not_for_endorsements(
    present: ChannelConfig, newcomer: tuple[Offer, Signer]
) -> None:
    place = ("Application", "policy", "Endorsement")
    guest = replace(newcomer[0], hosts=False, orderer_certificate=None, orderer_tls_certificate=None)
    config = replace(present, config=after(present, admit_member(guest)))
    four = ", ".join(f"Org{n}MSP.peer" for n in range(4))
    assert facts_of(config.config)[place] == f"3 of ({four})"
    host = replace(newcomer[0], msp="WestMSP")
    assert facts_of(after(config, admit_member(host)))[place] == f"3 of ({four}, WestMSP.peer)"
    assert facts_of(after(config, remove_member("EastMSP")))[place] == "MAJORITY Endorsement"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda offer: admit_member(replace(offer, msp="Org1MSP")), "a member already"),
        (lambda offer: remove_member("NobodyMSP"), "no member"),
        (lambda offer: add_orderer(replace(offer, msp="Org1MSP")), "orders already"),
        (lambda offer: add_orderer(replace(offer, orderer_certificate=None)), "offers no orderer"),
        (lambda offer: remove_orderer("NobodyMSP"), "does not order"),
        (lambda offer: remove_orderer("Org0MSP"), "smartbft needs 4"),
    ],
)
def test_what_the_channel_does_not_allow_is_refused(
    present: ChannelConfig, newcomer: tuple[Offer, Signer], change: Callable[[Offer], Change], why: str
) -> None:
    before = present.config.SerializeToString(deterministic=True)
    with pytest.raises(ChangeRefused, match=why):
        propose_change(present, change(newcomer[0]))
    assert present.config.SerializeToString(deterministic=True) == before


def test_the_last_members_stay(network: RunningNetwork) -> None:
    config = raft(network)
    for msp in ("Org1MSP", "Org2MSP", "Org3MSP"):
        config = replace(config, config=after(config, remove_member(msp)))
        config = replace(config, config=after(config, remove_orderer(msp)))
    for change, why in ((remove_member("Org0MSP"), "nobody else|last"), (remove_orderer("Org0MSP"), "raft needs 1")):
        with pytest.raises(ChangeRefused, match=why):
            after(config, change)


# ------------------------------------------------------------------ the update


def altered(update: configtx.ConfigUpdate, **changes: Callable[[configtx.ConfigGroup], None]) -> configtx.ConfigUpdate:
    copy = configtx.ConfigUpdate()
    copy.CopyFrom(update)
    for part, change in changes.items():
        change(getattr(copy, part))
    return copy


def test_an_update_that_does_not_fit_is_refused(present: ChannelConfig, newcomer: tuple[Offer, Signer]) -> None:
    update = propose_change(present, admit_member(newcomer[0])).update

    def older(group: configtx.ConfigGroup) -> None:
        group.groups["Application"].version = 7

    def unwritten(group: configtx.ConfigGroup) -> None:
        group.groups["Application"].version = 0

    def used(group: configtx.ConfigGroup) -> None:
        group.groups["Application"].groups["EastMSP"].version = 1

    def inner(group: configtx.ConfigGroup) -> None:
        group.groups["Application"].groups["EastMSP"].values["MSP"].version = 1

    def absent(group: configtx.ConfigGroup) -> None:
        group.groups["Nothing"].version = 0

    for wrong in (
        altered(update, read_set=older),
        altered(update, write_set=unwritten),
        altered(update, write_set=used),
        altered(update, write_set=inner),
        altered(update, read_set=absent),
    ):
        with pytest.raises(UpdateRefused):
            apply_update(present.config, wrong)


def test_a_change_that_another_overtook_is_refused(present: ChannelConfig, newcomer: tuple[Offer, Signer]) -> None:
    overtaken = propose_change(present, remove_member("Org3MSP")).update
    now = replace(present, config=after(present, admit_member(newcomer[0])))
    with pytest.raises(UpdateRefused, match="the change was made for 0"):
        effect_of(now.config, overtaken)


# ------------------------------------------------------------------ what a signer is shown


def test_a_signer_is_shown_who_comes_with_which_certificates(
    present: ChannelConfig, newcomer: tuple[Offer, Signer]
) -> None:
    offer, _ = newcomer
    effect = effect_of(present.config, propose_change(present, admit_member(offer)).update)
    assert [each.en for each in effect.summary] == ["EastMSP becomes a member of the channel."]
    assert [each.zh for each in effect.summary] == ["EastMSP 成为通道成员。"]
    lines = [each.text.en for each in effect.differences]
    assert all(line.startswith("added: Application / EastMSP / ") for line in lines)
    root = hashlib.sha256(offer.root_certificates[0]).hexdigest()
    assert any(f"root certificate / {root}: CN=ca.EastMSP" in line for line in lines)
    assert "增加：成员 / EastMSP / 锚节点 / east.example:7000" in [each.text.zh for each in effect.differences]


def test_what_hides_in_a_change_is_shown_too(present: ChannelConfig, newcomer: tuple[Offer, Signer]) -> None:
    def sly(config: configtx.Config) -> configtx.Config:
        result = admit_member(newcomer[0])(config)
        application = result.channel_group.groups["Application"]
        mine = result.channel_group.groups["Application"].groups["EastMSP"].policies["Admins"].policy
        application.policies["Admins"].policy.CopyFrom(mine)
        application.values["Unheard"].CopyFrom(configtx.ConfigValue(value=b"x", mod_policy="/Channel/Admins"))
        return result

    effect = effect_of(present.config, propose_change(present, sly).update)
    lines = "\n".join(each.text.en for each in effect.differences)
    assert "changed: Application / policy / Admins: MAJORITY Admins -> 1 of (EastMSP.admin)" in lines
    assert "added: Application / Unheard: SHA-256 2d711642b726b044" in lines
    assert "added: Application / Unheard / modified by: /Channel/Admins" in lines


def test_a_change_of_settings_says_that_nobody_comes_or_goes(present: ChannelConfig) -> None:
    def slower(config: configtx.Config) -> configtx.Config:
        result = configtx.Config()
        result.CopyFrom(config)
        value = result.channel_group.groups["Orderer"].values["BatchTimeout"]
        value.value = b"\n\x025s"
        return result

    effect = effect_of(present.config, propose_change(present, slower).update)
    assert [each.en for each in effect.summary] == ["No institution comes or goes."]
    assert [each.text.en for each in effect.differences] == ["changed: Orderer / BatchTimeout / timeout: 50ms -> 5s"]


def test_a_principal_counted_from_the_end_is_not_shown_as_the_last() -> None:
    role = principals.MSPRole(msp_identifier="OwnMSP", role=principals.MSPRole.MSPRoleType.ADMIN)
    who = principals.MSPPrincipal(principal=role.SerializeToString())
    envelope = policies.SignaturePolicyEnvelope(rule=policies.SignaturePolicy(signed_by=-1), identities=[who])
    policy = policies.Policy(type=policies.Policy.PolicyType.SIGNATURE, value=envelope.SerializeToString())
    assert policy_words(policy).startswith("of type 1, SHA-256 ")


# ------------------------------------------------------------------ who must sign


def test_a_majority_of_administrators_is_needed_and_each_counts_once(
    network: RunningNetwork, present: ChannelConfig, newcomer: tuple[Offer, Signer]
) -> None:
    proposal = propose_change(present, admit_member(newcomer[0]))
    (need,) = needs(present, signed(proposal, network, "Org0MSP", "Org0MSP", "Org1MSP"))
    assert (need.policy, need.needed, need.met) == ("/Channel/Application/Admins", 3, ("Org0MSP", "Org1MSP"))
    assert not need.is_met
    (need,) = needs(present, signed(proposal, network, "Org0MSP", "Org1MSP", "Org2MSP"))
    assert need.is_met


def test_orderers_administrators_decide_on_orderers(present: ChannelConfig, newcomer: tuple[Offer, Signer]) -> None:
    (need,) = needs(present, propose_change(present, add_orderer(newcomer[0])))
    assert need.policy == "/Channel/Orderer/Admins"


def test_who_is_no_administrator_of_a_member_does_not_count(
    network: RunningNetwork, present: ChannelConfig, newcomer: tuple[Offer, Signer]
) -> None:
    offer, stranger = newcomer
    proposal = propose_change(present, admit_member(offer))
    posing = Signer("Org1MSP", stranger.certificate, stranger._key)
    for false in (signed(proposal, network, "Org0MSP", user=DESK), proposal.sign(stranger), proposal.sign(posing)):
        (need,) = needs(present, read_proposal(false.to_bytes()))
        assert need.met == ()
    (need,) = needs(present, signed(proposal, network, "Org0MSP"), NOW + timedelta(days=5000))
    assert need.met == ()


def test_a_proposal_is_read_as_it_was_written(
    network: RunningNetwork, present: ChannelConfig, newcomer: tuple[Offer, Signer]
) -> None:
    proposal = signed(propose_change(present, admit_member(newcomer[0])), network, "Org0MSP", "Org2MSP")
    again = read_proposal(proposal.to_bytes())
    assert again == proposal
    assert [each.msp for each in again.signed] == ["Org0MSP", "Org2MSP"]


def test_a_signature_does_not_go_with_another_change(
    network: RunningNetwork, present: ChannelConfig, newcomer: tuple[Offer, Signer]
) -> None:
    harmless = signed(propose_change(present, admit_member(newcomer[0])), network, "Org0MSP")
    other = propose_change(present, remove_member("Org3MSP"))
    with pytest.raises(ProposalRefused, match="Org0MSP is not over this change"):
        read_proposal(replace(other, signatures=harmless.signatures).to_bytes())


def envelope(kind: int, channel: str, content: bytes) -> bytes:
    header = common.ChannelHeader(type=kind, channel_id=channel).SerializeToString()
    payload = common.Payload(header=common.Header(channel_header=header), data=content)
    return common.Envelope(payload=payload.SerializeToString()).SerializeToString()


def test_what_is_no_proposal_is_refused(present: ChannelConfig) -> None:
    update = configtx.ConfigUpdate(channel_id="other").SerializeToString()
    content = configtx.ConfigUpdateEnvelope(config_update=update).SerializeToString()
    garbled = configtx.ConfigUpdateEnvelope(
        config_update=configtx.ConfigUpdate(channel_id="deals").SerializeToString(),
        signatures=[configtx.ConfigSignature(signature_header=b"\xff")],
    ).SerializeToString()
    for data in (
        b"\xff",
        b"",
        b"x" * (10 * 1024 * 1024 + 1),
        envelope(common.HeaderType.ENDORSER_TRANSACTION, "deals", content),
        envelope(common.HeaderType.CONFIG_UPDATE, "deals", content),
        envelope(common.HeaderType.CONFIG_UPDATE, "deals", garbled),
    ):
        with pytest.raises(ProposalRefused):
            read_proposal(data)


def test_a_change_of_another_channel_is_told(present: ChannelConfig, newcomer: tuple[Offer, Signer]) -> None:
    proposal = propose_change(present, admit_member(newcomer[0]))
    proposal.require_for(present)
    with pytest.raises(ProposalRefused, match="for channel deals, and this is other"):
        proposal.require_for(replace(present, channel="other"))


@pytest.mark.parametrize("data", [b"", b"\xff\xff", common.Block().SerializeToString()])
def test_what_is_no_configuration_block_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationUnreadable):
        read_config_block(data)


def test_a_configuration_of_unknown_consensus_is_refused(present: ChannelConfig) -> None:
    odd = configtx.Config()
    odd.CopyFrom(present.config)
    odd.channel_group.groups["Orderer"].values["ConsensusType"].value = b"\n\x04solo"
    with pytest.raises(ConfigurationUnreadable, match="solo"):
        consenters(odd.channel_group.groups["Orderer"])


def test_the_same_plan_offers_and_time_give_the_same_block(network: RunningNetwork) -> None:
    offers = [read_offer(network.places.offer(msp).read_bytes()) for msp in network.plan.msps]
    assert first_block(network.plan, offers, NOW) == first_block(network.plan, offers, NOW)
    assert first_block(network.plan, offers, NOW) != first_block(network.plan, offers, NOW + timedelta(seconds=1))


def test_orderers_are_listed_in_the_order_of_the_plan(present: ChannelConfig) -> None:
    value = present.root.groups["Orderer"].values["Orderers"].value
    found = configuration.Orderers.FromString(value).consenter_mapping
    assert [(each.id, each.msp_id) for each in found] == [(n + 1, f"Org{n}MSP") for n in range(4)]


def test_paths_of_this_machine_are_not_in_the_block(network: RunningNetwork) -> None:
    assert str(Path(network.places.root)).encode() not in network.places.block.read_bytes()
