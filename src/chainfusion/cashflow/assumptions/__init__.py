"""What is assumed of a pool: prepayment, default, recovery, delinquency; curves of them, scenarios and grids.

numbers      what a user may write as a rate, and the grid of 2^-27 on which the kernel computes
rates        SMM, CPR, PSA, ABS, CDR, SDA: the conversions of the Standard Formulas, in Decimal
curve        a monthly rate by loan age or by period, on the grid
prepayment, default, recovery, delinquency   curves by their customary names
scenario     assumptions for each group of loans; grids of scenarios
standard     the Standard Formulas' generic pool with defaults and servicer advances, month by month
"""
