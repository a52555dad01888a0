/* The deal of _ten_tranches.yaml written by hand in C, as a yardstick: the same integers, all scenarios and periods.
   Column c of period t of scenario s is in[c][s * periods + t]; out[(j * periods + t) * scenarios + s]. */
#include <stdint.h>
#include <string.h>

typedef int64_t i64;
enum { SENIORS = 4, JUNIORS = 5, RATED = 9, SUB = 9, TRANCHES = 10 };
enum { OPENING, CLOSING, SCHEDULED, PREPAID, DEFAULTED, RECOVERED, INTEREST };

static const i64 SIZE[TRANCHES] = {20000000000, 20000000000, 20000000000, 15000000000, 6000000000,
                                   5000000000,  4000000000,  3000000000,  2000000000,  5000000000};
static const i64 COUPON[RATED] = {3000000, 3200000, 3400000, 3600000, 4200000, 4800000, 5400000, 6200000, 7500000};
static const i64 POOL = 100000000000, RATIO = 100000000;

/* a * b / c with floor and, for half up, the nearest: exact, without an integer of 128 bits. */
static inline i64 muldiv(i64 a, i64 b, i64 c) {
    if (c == 0) return 0;
    i64 q = (i64)((double)a * (double)b / (double)c);
    i64 r = (i64)((uint64_t)a * (uint64_t)b - (uint64_t)q * (uint64_t)c);
    return q + (r >= c) - (r < 0);
}

static inline i64 half_up(i64 a, i64 b, i64 c) {
    i64 q = muldiv(a, b, c);
    i64 r = (i64)((uint64_t)a * (uint64_t)b - (uint64_t)q * (uint64_t)c);
    return q + (r >= c - r);
}

static inline i64 least(i64 a, i64 b) { return a < b ? a : b; }
static inline i64 most(i64 a, i64 b) { return a > b ? a : b; }

static inline i64 take(i64 *from, i64 wanted) {
    i64 paid = most(least(wanted, *from), 0);
    *from -= paid;
    return paid;
}

static inline i64 rated(const i64 *balance) {
    i64 sum = 0;
    for (int n = 0; n < RATED; n++) sum += balance[n];
    return sum;
}

static inline void pro_rata(i64 *from, i64 *due, i64 *flow, int count) {
    i64 total = 0, running = 0, before = 0;
    for (int n = 0; n < count; n++) total += due[n];
    i64 pay = least(total, *from);
    for (int n = 0; n < count; n++) {
        running += due[n];
        i64 upto = n == count - 1 ? pay : muldiv(pay, running, total);
        i64 paid = take(from, upto - before);
        before = upto;
        due[n] -= paid;
        flow[n] += paid;
    }
}

static void one(int s, int scenarios, int periods, const i64 *const *in, i64 *out, i64 part, i64 year) {
    i64 balance[TRANCHES], due[RATED] = {0}, fee[2] = {0};
    i64 income = 0, principal = 0, reserve = 1000000000, defaults = 0, cured = 0;
    int thin = 0, losses = 0, small = 0;
    memcpy(balance, SIZE, sizeof balance);
    for (int t = 0; t < periods; t++) {
        i64 at = (i64)s * periods + t, opening = in[OPENING][at], closing = in[CLOSING][at];
        i64 interest_paid[RATED] = {0}, principal_paid[TRANCHES] = {0}, fee_paid[2] = {0}, returned = 0;
        income += in[INTEREST][at];
        principal += in[SCHEDULED][at] + in[PREPAID][at] + in[RECOVERED][at];
        for (int n = 0; n < RATED; n++) due[n] += half_up(balance[n], COUPON[n] * part, RATIO * year);
        fee[0] += half_up(muldiv(opening, 500000, RATIO), part, year);
        fee[1] += half_up(muldiv(opening, 20000, RATIO), part, year);
        i64 notes = rated(balance), defaulted = in[DEFAULTED][at];
        thin = (thin && !(closing >= muldiv(106000000, notes, RATIO))) || closing < muldiv(104000000, notes, RATIO);
        losses = losses || muldiv(defaults + defaulted, RATIO, POOL) > 6000000;
        small = small || muldiv(closing, RATIO, POOL) < 10000000;

        i64 target = least(most(muldiv(1000000, opening, RATIO), 200000000), notes + balance[SUB]);
        income += take(&reserve, reserve - target);
        i64 *sources[3] = {&income, &reserve, &principal};
        for (int n = 0; n < 2; n++)
            for (int k = 0; k < 3; k++) {
                i64 paid = take(sources[k], fee[n]);
                fee[n] -= paid;
                fee_paid[n] += paid;
            }
        i64 total = 0, running = 0, before = 0;
        for (int n = 0; n < SENIORS; n++) total += due[n];
        i64 pay = least(total, income + reserve + principal), share[SENIORS];
        for (int n = 0; n < SENIORS; n++) {
            running += due[n];
            i64 upto = n == SENIORS - 1 ? pay : muldiv(pay, running, total);
            share[n] = upto - before;
            before = upto;
        }
        for (int n = 0; n < SENIORS; n++)
            for (int k = 0; k < 3; k++) {
                i64 paid = take(sources[k], share[n]);
                share[n] -= paid;
                due[n] -= paid;
                interest_paid[n] += paid;
            }
        for (int n = SENIORS; n < RATED; n++)
            for (int k = 0; k < 2; k++) {
                i64 paid = take(sources[k], due[n]);
                due[n] -= paid;
                interest_paid[n] += paid;
            }
        i64 cure = take(&income, most(defaults + defaulted - cured, 0));
        principal += cure;
        reserve += take(&income, most(target - reserve, 0));
        if (thin || losses) principal += take(&income, income);
        returned += take(&income, income);

        if (!thin && !losses && !small) {
            pro_rata(&principal, balance, principal_paid, RATED);
        } else {
            pro_rata(&principal, balance, principal_paid, SENIORS);
            for (int n = SENIORS; n < RATED; n++) {
                i64 paid = take(&principal, balance[n]);
                balance[n] -= paid;
                principal_paid[n] += paid;
            }
        }
        if (rated(balance) == 0) {
            i64 paid = take(&principal, balance[SUB]);
            balance[SUB] -= paid;
            principal_paid[SUB] += paid;
            if (balance[SUB] == 0) returned += take(&principal, principal);
        }
        defaults += defaulted;
        cured += cure;

        i64 *to = out + (i64)t * scenarios + s, step = (i64)periods * scenarios;
        for (int n = 0; n < RATED; n++) {
            to[(2 * n) * step] = interest_paid[n];
            to[(2 * n + 1) * step] = principal_paid[n];
        }
        i64 rest[7] = {principal_paid[SUB], returned, fee_paid[0], fee_paid[1], income, principal, reserve};
        for (int n = 0; n < 7; n++) to[(2 * RATED + n) * step] = rest[n];
    }
}

void run(int first, int last, int scenarios, int periods, const i64 *const *in, i64 *out, i64 part, i64 year) {
    for (int s = first; s < last; s++) one(s, scenarios, periods, in, out, part, year);
}
