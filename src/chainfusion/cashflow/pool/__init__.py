"""Many loans month by month, exact to the cent.

columns      a pool as columns of whole numbers, and what a loan's columns mean
tape         a pool from a loan tape or from loan records, with located errors
payments     level payments of many loans, half up to the cent
arithmetic   the rounding rules, compiled
tables       a scenario as the tables the kernel reads
order        loans sorted into blocks of one age, group and kind
lanes        the hot loop: blocks of loans side by side in vector registers
loop         one loan at a time in 64-bit integers: floating rates, very large balances, small groups
project      a chunk of loans under a batch of scenarios, to collections
detail       what each single loan pays, on demand
revolving    a pool that buys loans with the principal it collects
"""
