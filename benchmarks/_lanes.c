/* The peer in C of cashflow_loan_months: the same arithmetic on the same unsorted columns, loans side by side in vector
 * registers, two threads. Compiled for the benchmark by gcc -O3 -march=native (flags: _cashflow_pool.py).
 * Level payments, one curve by age, no interest-only months. */
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { W = 32, FLOWS = 4, MAXT = 600, KEYS = 601 * 601 };

typedef struct {
    int64_t n, months, length;
    const int64_t *balance, *rate, *term, *age, *smm, *mdr;
    int64_t *out; /* months x FLOWS */
} Job;

static double level_payment(double balance, double rate, int64_t months) {
    double step = rate / 12e6, growth = 1.0, square = 1.0 + step;
    for (; months; months >>= 1, square *= square) growth *= months & 1 ? square : 1.0;
    return balance * step * growth / (growth - 1.0);
}

static void month(double *restrict b, const double *restrict pay, const double *restrict rate, double d, double s,
                  double v, double *restrict sums) {
    for (int k = 0; k < W; k++) {
        double defaulted = floor(fma(b[k], d, 0.5)), performing = b[k] - defaulted;
        double interest = floor(fma(performing, rate[k], 6000000.5) * (1.0 / 12e6));
        double scheduled = floor(fma(pay[k], v, 0.5)) - interest;
        scheduled = scheduled < performing ? scheduled : performing;
        scheduled = scheduled > 0.0 ? scheduled : 0.0;
        double left = performing - scheduled, prepaid = floor(fma(left, s, 0.5));
        b[k] = left - prepaid;
        sums[k] += defaulted;
        sums[W + k] += interest;
        sums[2 * W + k] += scheduled;
        sums[3 * W + k] += prepaid;
    }
}

static void *run(void *given) {
    Job *job = given;
    int64_t n = job->n, months = job->months, length = job->length, *place = calloc(KEYS + 1, sizeof *place);
    int32_t *order = malloc((n + 1) * sizeof *order);
    for (int64_t i = 0; i < n; i++) place[job->age[i] * 601 + job->term[i] + 1]++;
    for (int64_t k = 1; k <= KEYS; k++) place[k] += place[k - 1];
    for (int64_t i = 0; i < n; i++) order[place[job->age[i] * 601 + job->term[i]]++] = (int32_t)i;
    double *sums = aligned_alloc(64, months * FLOWS * W * sizeof(double)), b[W], pay[W], rate[W];
    double *curves = malloc(3 * months * sizeof(double));
    memset(sums, 0, months * FLOWS * W * sizeof(double));
    int64_t age = -1;
    for (int64_t at = 0; at < n;) {
        int64_t count = 0;
        if (job->age[order[at]] != age) {
            age = job->age[order[at]];
            int64_t left = 1 << 27;
            for (int64_t t = 0; t < months; t++) {
                int64_t i = age + t < length ? age + t : length - 1, d = job->mdr[i], s = job->smm[i];
                left = (left * ((1 << 27) - d) + (1 << 26)) >> 27;
                curves[3 * t] = d * 0x1p-27;
                curves[3 * t + 1] = s * 0x1p-27;
                curves[3 * t + 2] = (left > 1 ? left : 1) * 0x1p-27;
                left = (left * ((1 << 27) - s) + (1 << 26)) >> 27;
            }
        }
        memset(b, 0, sizeof b), memset(pay, 0, sizeof pay), memset(rate, 0, sizeof rate);
        for (; count < W && at + count < n && job->age[order[at + count]] == age; count++) {
            int32_t i = order[at + count];
            b[count] = job->balance[i], rate[count] = job->rate[i];
            pay[count] = floor(level_payment(job->balance[i], job->rate[i], job->term[i]) + 0.5);
        }
        int64_t ending = 0, last = job->term[order[at + count - 1]];
        for (int64_t t = 0; t < last; t++) {
            while (ending < count && job->term[order[at + ending]] == t + 1) pay[ending++] = 0x1p80;
            month(b, pay, rate, curves[3 * t], curves[3 * t + 1], curves[3 * t + 2], sums + t * FLOWS * W);
        }
        at += count;
    }
    for (int64_t t = 0; t < months; t++)
        for (int f = 0; f < FLOWS; f++) {
            double total = 0;
            for (int k = 0; k < W; k++) total += sums[(t * FLOWS + f) * W + k];
            job->out[t * FLOWS + f] = (int64_t)total;
        }
    free(place), free(order), free(sums), free(curves);
    return NULL;
}

void project(int64_t n, int64_t months, const int64_t *balance, const int64_t *rate, const int64_t *term,
             const int64_t *age, const int64_t *smm, const int64_t *mdr, int64_t length, int64_t *out) {
    int64_t half = n / 2, *second = calloc(months * FLOWS, sizeof *second);
    Job jobs[2] = {{half, months, length, balance, rate, term, age, smm, mdr, out},
                   {n - half, months, length, balance + half, rate + half, term + half, age + half, smm, mdr, second}};
    pthread_t thread;
    pthread_create(&thread, NULL, run, &jobs[1]);
    run(&jobs[0]);
    pthread_join(thread, NULL);
    for (int64_t k = 0; k < months * FLOWS; k++) out[k] += second[k];
    free(second);
}
