"""What each kind of rule pays, in deals small enough to check by hand. Amounts in minor units."""

from __future__ import annotations

import pytest

from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.terms.refusals import BadRun
from chainfusion.domain.terms.schedule import schedule, year_of
from chainfusion.domain.waterfall.run import AmountTooLarge, BadCollections, run
from tests.cashflow.text.small import FLOWS, program, ran, small

SENIOR = "senior: {interest: A, from: [cash, reserve], clause: {zh: 第八条, en: Clause 8}}"
PRINCIPAL = "principal: {principal: [A, B], from: cash}"
TOP_UP = "      top_up: {transfer: reserve, from: cash, amount: reserve.target - reserve.balance}\n"
FEES = "fees: {fees: [trustee, servicer], from: [cash, reserve], rank: pro rata}"
NO_INTEREST = {"interest": [0, 0, 0, 0], "scheduled": [0, 0, 0, 0]}


def test_a_plain_deal_pays_in_order() -> None:
    r = ran()
    assert r["trustee.paid"] == (100_00,) * 4
    assert r["servicer.paid"] == (500_00, 375_00, 250_00, 125_00)
    assert r["A.interest_paid"][0] == 2_400_00
    assert r["B.interest_paid"] == (1_000_00,) * 4
    assert r["A.principal_paid"][0] == 250_000_00 + 6_000_00 - 100_00 - 500_00 - 3_400_00
    assert r["A.balance"][3] == 0
    assert r["B.balance"][2] == 200_000_00
    paid = sum(sum(r[name]) for name in r.values if name.endswith("paid"))
    assert paid + r["reserve.balance"][3] == 1_000_000_00 + 15_000_00 + 10_000_00


def test_interest_is_on_the_balance_before_the_days_principal_and_rounds_half_up() -> None:
    r = ran(("coupon: 3.6%", "coupon: 3.6123%, day_count: ACT/365F"))
    assert r["A.interest_paid"][0] == (800_000_00 * 36_123 * 31 * 2 + 365 * 10**6) // (2 * 365 * 10**6)


@pytest.mark.parametrize(("way", "paid"), [("half up", 13), ("down", 12), ("up", 13), ("half even", 12)])
def test_interest_rounds_as_declared(way: str, paid: int) -> None:
    """12.5 minor units: 5,000.00 at 0.03% for a month of 30 days."""
    r = ran(("size: 800_000.00, coupon: 3.6%", f"size: 5_000.00, coupon: 0.03%, rounding: {way}"))
    assert r["A.interest_paid"][0] == paid


def test_what_is_unpaid_stays_due_and_bears_interest_only_where_told() -> None:
    dry = ran(("initial: 10_000.00, ", "initial: 0.01, "), **NO_INTEREST)
    assert dry["A.interest_due"] == (2_400_00, 4_800_00, 7_200_00, 9_600_00)
    lost = ran(("initial: 10_000.00, ", "initial: 0.01, "), ("coupon: 3.6%", "coupon: 3.6%, carry: no"), **NO_INTEREST)
    assert lost["A.interest_due"] == (2_400_00,) * 4
    more = ("coupon: 3.6%", "coupon: 3.6%, arrears_rate: 12%")
    dear = ran(("initial: 10_000.00, ", "initial: 0.01, "), more, **NO_INTEREST)
    assert dear["A.interest_due"] == (2_400_00, 4_824_00, 7_272_24, 9_744_96)


def test_same_rank_shares_by_amounts_due_and_parts_add_up() -> None:
    r = ran(("initial: 10_000.00, ", "initial: 0.07, "), **NO_INTEREST)
    assert (r["trustee.paid"][0], r["servicer.paid"][0]) == (1, 6)
    assert (r["trustee.due"][0], r["servicer.due"][0]) == (100_00 - 1, 500_00 - 6)


def test_a_cap_holds_back_and_the_rest_stays_due() -> None:
    r = ran((FEES, "fees: {fees: [trustee, servicer], from: cash, cap: 150.00 CNY}"))
    assert (r["trustee.paid"][0], r["servicer.paid"][0]) == (100_00, 50_00)
    assert r["servicer.due"][0] == 450_00


def test_a_later_account_pays_what_the_first_lacks_and_is_counted_as_lent() -> None:
    counted = ("parties:", "values:\n  drawn: {formula: lifetime(reserve.lent)}\nparties:")
    turned = ("when: lifetime(pool.defaulted) / pool.initial > 5%", "tested: end, when: drawn > 2_999.99 CNY")
    r = ran(counted, turned, **NO_INTEREST)
    assert r["A.interest_paid"][0] == 2_400_00
    assert r["reserve.balance"][0] == 10_000_00 - 600_00 - 2_400_00
    assert r["losses"] == (1, 1, 1, 1)


def test_first_period_floor_and_cap_of_a_fee() -> None:
    yearly = "yearly: 0.6% * pool.opening"
    r = ran((yearly, yearly + ", first: 7.00 CNY, at_most: 300.00 CNY, at_least: 200.00 CNY"))
    assert r["servicer.paid"] == (200_00, 300_00, 250_00, 200_00)


def test_a_fee_of_the_surplus() -> None:
    bonus = ("residual: {return: originator, from: cash, amount: rest}",
             "bonus: {return: servicer, from: cash, amount: 10% * rest}\n"
             "      residual: {return: originator, from: cash, amount: rest}")  # fmt: skip
    r = ran(bonus, ("size: 800_000.00", "size: 100_000.00"), ("size: 200_000.00", "size: 50_000.00"))
    left = 250_000_00 + 6_000_00 - 600_00 - 300_00 - 250_00 - 150_000_00
    assert r["originator.paid"][0] == left - left // 10
    assert r["servicer.paid"][0] == 500_00 + left // 10


def test_principal_per_hundred_is_cut_off_and_the_rest_is_carried() -> None:
    """256,000.00 less 4,000.00: 252,000.00 on 8,000 notes is 31.5 a note; a cent more a note does not fit in 1.23."""
    r = ran(("size: 800_000.00, coupon: 3.6%", "size: 800_000.00, coupon: 3.6%, per_hundred: yes"),
            scheduled=[250_001_23, 250_000_00, 250_000_00, 249_998_77])  # fmt: skip
    assert r["A.principal_paid"][0] == 252_000_00
    assert r["cash.carried"][0] == 1_23
    assert r["B.principal_paid"][0] == 0
    each = [paid * 100_00 / 800_000_00 for paid in r["A.principal_paid"][:3]]
    assert all(amount == int(amount) for amount in each)


def test_what_is_cut_off_for_one_class_is_not_offered_to_the_next_one_under_an_amount() -> None:
    notes = ("size: 800_000.00, coupon: 3.6%", "size: 800_000.00, coupon: 3.6%, per_hundred: yes")
    amount = (PRINCIPAL, "principal: {principal: [A, B], from: cash, amount: 100_001.23 CNY}")
    r = ran(notes, ("size: 200_000.00", "per_hundred: yes, size: 200_000.00"), amount)
    assert r["A.principal_paid"][0] == 100_000_00
    assert r["B.principal_paid"][0] == 0
    assert r["cash.carried"][0] == 1_23


def test_full_payoff_is_exact_and_the_next_class_gets_the_rest() -> None:
    odd = ("size: 800_000.00, coupon: 3.6%", "size: 123_456.78, coupon: 0%, per_hundred: yes")
    r = ran(odd, ("size: 200_000.00", "per_hundred: yes, size: 200_000.00"))
    assert r["A.principal_paid"][0] == 123_456_78
    rest = 250_000_00 + 6_000_00 - 600_00 - 1_000_00 - 123_456_78
    assert r["B.principal_paid"][0] == rest // 2000 * 2000
    assert r["cash.carried"][0] == rest % 2000


def test_pro_rata_by_balance_and_by_shares() -> None:
    r = ran((PRINCIPAL, "principal: {principal: [A, B], from: cash, rank: by balance}"))
    paid = 250_000_00 + 6_000_00 - 4_000_00
    assert (r["A.principal_paid"][0], r["B.principal_paid"][0]) == (paid * 4 // 5, paid - paid * 4 // 5)
    r = ran((PRINCIPAL, "principal: {principal: [A, B], from: cash, rank: shares, shares: [10%, 90%]}"))
    assert r["B.principal_paid"][0] == 200_000_00
    assert r["A.principal_paid"][0] == paid - 200_000_00


def test_a_scheduled_class_gets_what_its_table_says() -> None:
    table = "tables:\n  plan: {by: payment, rows: {1: 700_000.00 CNY, 2: 650_000.00 CNY, 3: 0.00 CNY}}\nparties:"
    r = ran(("coupon: 3.6%", "coupon: 3.6%, amortization: scheduled, schedule: plan"), ("parties:", table))
    assert r["A.principal_paid"][:2] == (100_000_00, 50_000_00)
    assert r["B.principal_paid"][0] == 152_000_00
    assert r["A.principal_paid"][2] > 250_000_00
    assert r["B.principal_paid"][2] == 0


def test_an_accrual_class_grows_and_pays_others() -> None:
    steps = ("junior: {interest: B, from: cash}", "junior: {capitalize: B, when: A.balance > 0.00 CNY}\n"
             "      cash_junior: {interest: B, from: cash}")  # fmt: skip
    r = ran(steps)
    assert r["B.balance"][0] == 201_000_00
    assert r["B.balance"][1] == 202_005_00
    assert r["B.interest_paid"][0] == 0


def test_an_interest_only_class_follows_its_notional() -> None:
    strip = "  X: {size: 0.00, amortization: interest only, notional: A.balance, coupon: 1.2%}\n"
    step = ("junior: {interest: B, from: cash}", "junior: {interest: [X, B], from: cash}")
    r = ran(("  B: {size", strip + "  B: {size"), step)
    assert r["X.interest_paid"][0] == 800_00
    assert r["X.interest_paid"][1] == (r["A.balance"][0] * 12 + 5_000) // 12_000


def test_a_loss_is_written_down_from_below() -> None:
    steps = (TOP_UP, TOP_UP + "      loss: {write_down: [B, A], amount: pool.lost}\n")
    r = ran(steps, lost=[150_000_00, 100_000_00, 0, 0])
    assert (r["B.written_down"][:2], r["A.written_down"][:2]) == ((150_000_00, 50_000_00), (0, 50_000_00))


def test_a_swap_brings_or_takes_the_difference() -> None:
    hedge = "hedges:\n  swap: {notional: A.balance, pay: 3%, receive: LPR, to: cash}\nindices:\n  LPR: {}\nparties:"
    r = ran(("parties:", hedge), ("[trustee, servicer]", "[trustee, servicer, swap]"),
            LPR=[4_200_000, 1_800_000, 3_000_000, 3_000_000])  # fmt: skip
    assert r["swap.received"][:2] == (800_00, 0)
    assert r["swap.paid"][1] == (r["A.balance"][0] * 30 + 15_000) // 30_000 + 0
    assert r["swap.paid"][0] == 0


def test_a_floating_coupon_with_cap_and_floor() -> None:
    floating = ("coupon: 3.6%", 'coupon: "min(max(LPR - 0.25%, 2%), 4%)"')
    index = ("parties:", "indices:\n  LPR: {}\nparties:")
    r = ran(floating, index, LPR=[9_000_000, 1_000_000, 3_850_000, 3_850_000])
    assert r["A.interest_paid"][0] == (800_000_00 * 4 + 600) // 1200
    assert r["A.interest_paid"][1] == (r["A.balance"][0] * 2 + 600) // 1200
    given = compile_terms(small(floating, index), indices={"LPR": [9_000_000, 1_000_000, 3_850_000, 3_850_000]})
    assert run(given, FLOWS)["A.interest_paid"] == r["A.interest_paid"]


STATES = (
    ("  normal: {waterfall: main}", "  normal: {waterfall: main}\n  bad: {waterfall: bad}"),
    ("states:", "  bad:\n    steps:\n      fees: {fees: [trustee, servicer], from: cash}\n"
     "      senior: {interest: A, from: cash}\n      all: {principal: A, from: cash}\n"
     "      junior: {interest: B, from: cash}\n      last: {principal: B, from: cash}\nstates:"),
    ("clause: 7.1", "enters: bad, clause: 7.1"),
)  # fmt: skip


def test_a_trigger_puts_the_deal_in_another_state_and_stays() -> None:
    r = ran(*STATES, defaulted=[0, 60_000_00, 0, 0])
    assert r["state"] == (0, 1, 1, 1)
    assert r["B.interest_paid"][:2] == (1_000_00, 0)
    assert r["B.interest_due"][1] == 1_000_00


def test_a_curable_trigger_lets_go() -> None:
    cured = ("when: lifetime(pool.defaulted) / pool.initial > 5%", "when: pool.defaulted > 50_000.00 CNY, cure: "
             "pool.defaulted == 0.00 CNY")  # fmt: skip
    r = ran(*STATES, cured, defaulted=[0, 60_000_00, 1_00, 0])
    assert r["losses"] == (0, 1, 1, 0)
    assert r["state"] == (0, 1, 1, 0)


def test_a_trigger_tested_at_the_end_counts_from_the_next_period() -> None:
    r = ran(*STATES, ("losses: {when", "losses: {tested: end, when"), defaulted=[0, 60_000_00, 0, 0])
    assert r["losses"] == (0, 1, 1, 1)
    assert r["state"] == (0, 0, 1, 1)


def test_an_event_from_outside_and_a_trigger_set_by_another() -> None:
    more = ("parties:", "events:\n  strike: {}\nparties:")
    chained = ("triggers:\n", "triggers:\n  stop: {when: strike, sets: losses}\n")
    r = ran(*STATES, more, chained, strike=[0, 0, 1, 0])
    assert r["losses"] == (0, 0, 1, 1)
    assert r["state"] == (0, 0, 1, 1)


def test_limits_step_by_year_since_closing() -> None:
    terms = small()
    days = [p.payment for p in schedule(terms.dates)]
    assert [d.isoformat() for d in days] == ["2025-02-01", "2025-03-01", "2025-04-01", "2025-05-01"]
    closing = terms.dates.closing
    assert [year_of(closing, closing.replace(year=2025 + n)) for n in range(4)] == [1, 1, 2, 3]
    assert year_of(closing, closing.replace(year=2026, day=2)) == 2


def test_cross_funding_catches_up_what_was_short() -> None:
    """a + b + c - d: defaults of this and earlier periods, less what was made good already."""
    split = (
        ("receives: [scheduled, prepaid, recovered, interest]", "receives: interest"),
        ("  reserve: {", "  corpus: {receives: [scheduled, prepaid, recovered]}\n  reserve: {"),
        (TOP_UP, "      h: {transfer: corpus, from: cash, amount: \"max(pool.defaulted + earlier(pool.defaulted) - "
         'earlier(main.h.paid), 0.00 CNY)"}\n'),
        (PRINCIPAL, "principal: {principal: [A, B], from: corpus}"),
    )  # fmt: skip
    r = ran(*split, defaulted=[5_000_00, 0, 0, 0])
    names = ("trustee.paid", "servicer.paid", "A.interest_paid", "B.interest_paid")
    excess = [FLOWS["pool.interest"][t] - sum(r[name][t] for name in names) for t in range(3)]
    assert 0 < excess[0] < sum(excess[:2]) < 5_000_00
    assert [paid - 250_000_00 for paid in r["A.principal_paid"][:2]] == excess[:2]
    assert r["originator.paid"][:2] == (0, 0)
    assert r["originator.paid"][2] == max(sum(excess) - 5_000_00, 0)


def test_a_clean_up_call_ends_the_pool() -> None:
    call = "clean_up: {when: pool.closing <= 60% * pool.initial, price: pool.closing, to: cash}\n"
    r = ran(("states:", call + "states:"))
    assert r["clean_up.received"] == (0, 500_000_00, 0, 0)
    assert r["pool_held"] == (1, 0, 0, 0)
    assert r["A.balance"] == (548_000_00, 0, 0, 0)


def test_a_revolving_deal_buys_assets_until_it_amortizes() -> None:
    buy = (PRINCIPAL, "buy: {buy: assets, from: cash, amount: pool.principal, when: period <= 2}\n      " + PRINCIPAL)
    r = ran(buy)
    assert r["assets.paid"] == (250_000_00, 250_000_00, 0, 0)
    assert r["A.principal_paid"][0] == 2_000_00


def test_history_is_kept_as_asked() -> None:
    tested = 'when: "recent(pool.interest, 2) > 10_000.00 CNY and previous(pool.interest) > 0.00 CNY"'
    r = ran(("when: lifetime(pool.defaulted) / pool.initial > 5%", tested))
    assert r["losses"] == (0, 1, 1, 1)
    assert (
        ran(("when: lifetime(pool.defaulted) / pool.initial > 5%", tested.replace("10_000", "11_000")))["losses"][3]
        == 0
    )


# ------------------------------------------------------------------ what a run may be given


def test_a_run_needs_what_the_program_asks_for() -> None:
    p = program()
    for flows, why in (
        ({k: v for k, v in FLOWS.items() if k != "pool.interest"}, "missing"),
        (FLOWS | {"pool.interest": [1, 2]}, "periods"),
        (FLOWS | {"pool.interest": [1, 2, 3, -1]}, "whole number"),
        (FLOWS | {"pool.interest": [1, 2, 3, 2**50]}, "whole number"),
        (FLOWS | {"pool.interest": [1, 2, 3, True]}, "whole number"),
        (FLOWS | {"LPR": [1, 2, 3, 4]}, "does not ask"),
    ):
        with pytest.raises(BadCollections) as refused:
            run(p, flows)
        assert why in refused.value.facts["why"]


def test_an_amount_beyond_the_machine_is_refused_and_not_wrong() -> None:
    p = program(("amount: 100.00 CNY", "amount: 4000 * pool.opening"))
    with pytest.raises(AmountTooLarge):
        run(p, FLOWS | {"pool.opening": [2**49, 0, 0, 0]})


def test_a_private_term_or_an_index_must_be_given_rightly() -> None:
    term = "private:\n  rate: {at_least: 0%, at_most: 1%}\nparties:"
    terms = small(("parties:", term), ("yearly: 0.6% * pool.opening", "yearly: rate * pool.opening"))
    with pytest.raises(BadRun):
        compile_terms(terms)
    low, high = (run(compile_terms(terms, private={"rate": r}), FLOWS)["servicer.paid"][0] for r in (0, 1_000_000))
    assert (low, high) == (0, 833_33)
    floating = small(("coupon: 3.6%", "coupon: LPR"), ("parties:", "indices:\n  LPR: {}\nparties:"))
    with pytest.raises(BadRun):
        compile_terms(floating, indices={"LPR": [1]})


def test_an_amount_that_names_the_account_itself_is_what_it_was_before_the_step() -> None:
    r = ran(
        (
            "principal: {principal: [A, B], from: cash}",
            "principal: {principal: [A, B], from: cash, amount: cash.balance}",
        )
    )
    assert r["A.principal_paid"] == ran()["A.principal_paid"]
    half = (PRINCIPAL, "on: {transfer: reserve, from: cash, amount: cash.balance}\n"
            "      principal: {principal: [A, B], from: reserve}")  # fmt: skip
    assert sum(ran(half)["A.principal_paid"]) == 800_000_00


def test_what_is_due_may_be_computed_from_what_became_due_before_it() -> None:
    r = ran(("coupon: 6%", "coupon: A.coupon + 2.4%"), ("yearly: 0.6% * pool.opening", "amount: 10% * trustee.accrued"),
            ("amount: 100.00 CNY", "amount: 0.01% * notes.opening"))  # fmt: skip
    assert r["B.interest_paid"][0] == 1_000_00
    assert (r["trustee.paid"][0], r["servicer.paid"][0]) == (100_00, 10_00)
